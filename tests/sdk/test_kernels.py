"""Notebooks: cells that run again, kernels that are interrupted and restarted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from studio.sdk.client import Client
from tests.sdk.user import User

SECONDS = 60


@dataclass
class Notebook:
    manager: KernelManager
    client: BlockingKernelClient

    def begin(self, code: str) -> str:
        return self.client.execute(code)

    def cell(self, code: str) -> str:
        """Runs a cell to its end; what it printed, or the name of its error."""
        return self.outcome(self.begin(code))

    def interrupted(self, code: str, after: str) -> str:
        """Begins a cell and interrupts it as soon as it prints `after`."""
        return self.outcome(self.begin(code), after)

    def outcome(self, cell: str, interrupt_after: str = "") -> str:
        said = ""
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != cell:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and content["name"] == "stdout":
                said += content["text"]
                if interrupt_after and interrupt_after in said:
                    self.manager.interrupt_kernel()
                    interrupt_after = ""
            elif kind == "error":
                said += content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                return said.strip()

    def stderr(self) -> str:
        """Waits for the next text on standard error."""
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["msg_type"] == "stream":
                content = message["content"]
                if content["name"] == "stderr":
                    return str(content["text"])

    def shown(self, kind: str, word: str) -> str:
        """Waits for a piece of HTML of that kind of message with the word in it."""
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["msg_type"] == kind:
                html = str(message["content"]["data"].get("text/html", ""))
                if word in html:
                    return html


@pytest.fixture
def notebook(user: User) -> Iterator[Notebook]:
    manager, client = start_new_kernel(
        cwd=str(user.folder), env=user.environment(IPYTHONDIR=str(user.folder))
    )
    try:
        yield Notebook(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


BEGIN = """
from azureml.core import Experiment, Workspace
experiment = Experiment(Workspace.from_config(), "notebook")
"""


def points(user: User, run_id: str, name: str = "loss") -> list[float]:
    """What a reader finds of the run's series."""
    output = user.said(
        f"""
        from azureml.core import Workspace
        found = Workspace.from_config().get_run({run_id!r}).get_metrics({name!r})
        print(len(found.get({name!r}, [])), found.get({name!r}, [None])[-1])
        """
    )
    count, last = output.split()
    return [float(count), float(last)]


def test_running_a_cell_again_starts_a_new_run(user: User, notebook: Notebook) -> None:
    notebook.cell(BEGIN)
    cell = "run = experiment.start_logging()\nrun.log('loss', 1)\nprint(run.id)"
    first, second = notebook.cell(cell), notebook.cell(cell)
    assert first != second
    assert notebook.cell("run.complete()\nprint(run.get_status())") == "Completed"
    # The first run's points are delivered although no variable refers to it.
    read = f"print(experiment.workspace.get_run('{first}').get_metrics())"
    assert notebook.cell(read) == "{'loss': 1}"


def test_an_interrupted_cell_loses_nothing_and_the_next_cell_works(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    run_id = notebook.cell("run = experiment.start_logging()\nprint(run.id)")
    code = "i = 0\nwhile True:\n    i += 1\n    run.log('loss', i)\n"
    code += "    if i == 1000: print('many', flush=True)"
    assert "KeyboardInterrupt" in notebook.interrupted(code, "many")
    count = int(notebook.cell("print(i)"))
    output = notebook.cell(
        "run.log('loss', -1)\nrun.complete()\nprint(run.receipt.line())"
    )
    assert "all stored" in output
    found, last = points(user, run_id)
    # The interrupt may have come between the count and its logging.
    assert found in (count, count + 1)
    assert last == -1


COUNT_THREADS = (
    "import threading\nprint(sum(each.name == 'RunDetails' for each in "
    "threading.enumerate()))"
)


def thread_count(notebook: Notebook, expected: str) -> str:
    """The number of threads that update, once it is `expected`, or after a while."""
    end = time.monotonic() + SECONDS
    while (found := notebook.cell(COUNT_THREADS)) != expected:
        if time.monotonic() > end:
            break
    return found


def test_the_run_details_widget_updates_until_the_run_ends(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    notebook.cell("from azureml.widgets import RunDetails")
    notebook.cell("run = experiment.start_logging()")
    notebook.begin("RunDetails(run).show()")
    assert "loss" not in notebook.shown("display_data", "Running")
    # Shown again, the run has one thread. A cell that fails stops no updates.
    notebook.cell("RunDetails(run).show()\n1 / 0")
    assert thread_count(notebook, "1") == "1"
    notebook.begin("for i in range(3): run.log('loss', 0.5 * i)\nrun.complete()")
    assert "<polyline" in notebook.shown("update_display_data", "Completed")
    assert thread_count(notebook, "0") == "0"


def test_an_interrupted_cell_stops_the_updates_of_a_run(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    notebook.cell("from azureml.widgets import RunDetails")
    notebook.cell("run = experiment.start_logging()\nRunDetails(run).show()")
    assert notebook.cell(COUNT_THREADS) == "1"
    work = "import time\nprint('works', flush=True)\ntime.sleep(100)"
    assert "KeyboardInterrupt" in notebook.interrupted(work, "works")
    assert thread_count(notebook, "0") == "0"
    assert notebook.cell("print(run.get_status())") == "Running"


def test_waiting_can_be_interrupted_and_the_run_continues(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    notebook.cell("run = experiment.start_logging()")
    notebook.cell("from azureml.core import Run")
    code = "Run(experiment, run.id).wait_for_completion(show_output=True)"
    said = notebook.interrupted(code, "Web View")
    assert said.endswith("ExperimentExecutionException")
    assert notebook.cell("print(run.get_status())") == "Running"
    notebook.cell("run.complete()")


def test_an_interrupted_complete_can_be_repeated(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    run_id = notebook.cell("run = experiment.start_logging()\nprint(run.id)")
    with user.server.paused():
        said = notebook.interrupted(
            "run.log('loss', 1)\nrun.log('loss', 2)\nprint('ends')\nrun.complete()",
            "ends",
        )
    assert said == "ends\nKeyboardInterrupt"
    assert notebook.cell("run.complete()\nprint(run.get_status())") == "Completed"
    assert points(user, run_id) == [2, 2]


def test_points_of_a_killed_kernel_arrive_with_the_next_run(
    user: User, notebook: Notebook
) -> None:
    notebook.cell(BEGIN)
    run_id = notebook.cell("run = experiment.start_logging()\nprint(run.id)")
    with user.server.paused():
        assert notebook.cell("for i in range(100): run.log('loss', i)") == ""
        notebook.manager.shutdown_kernel(now=True)
    user.said("from studio.cli import main\nmain(['sync'])", status=None)
    assert points(user, run_id) == [100, 99]


def status_of(user: User, run_id: str, expected: str) -> str:
    """The status once it is `expected`, or after a while."""
    client = Client(user.server.url, user.server.token, "default")
    end = time.monotonic() + SECONDS
    while True:
        status = str(client.get(f"runs/{run_id}")["status"])
        if status == expected or time.monotonic() > end:
            return status
        time.sleep(0.1)


def cancel(user: User, run_id: str) -> None:
    Client(user.server.url, user.server.token, "default").post(
        f"runs/{run_id}/cancel", {}
    )


CONTEXT = "from azureml.core import Run\nrun = Run.get_context()\nprint(run.id)"


def test_the_context_of_a_notebook_is_one_run_until_the_kernel_ends(
    user: User, notebook: Notebook
) -> None:
    notebook.begin(CONTEXT)
    link = notebook.stderr()
    run_id = notebook.cell("print(Run.get_context().id)")
    assert f"/runs/{run_id}/" in link
    assert link.count("http") == 1
    assert notebook.cell("print(run.experiment.name)") == "notebook"
    assert notebook.cell("1 / 0") == "ZeroDivisionError"
    assert notebook.cell("run.log('loss', 1)\nprint(run.get_status())") == "Running"
    notebook.client.shutdown()
    assert status_of(user, run_id, "Completed") == "Completed"


def test_after_its_end_the_context_of_a_notebook_is_a_new_run(
    notebook: Notebook,
) -> None:
    first = notebook.cell(CONTEXT)
    notebook.cell("run.complete()")
    assert notebook.cell(CONTEXT) != first


@pytest.mark.parametrize(
    "work",
    ["import time; time.sleep(100)", "import asyncio; await asyncio.sleep(100)"],
)
def test_a_cancel_stops_the_cell_and_the_kernel_stays(
    user: User, notebook: Notebook, work: str
) -> None:
    run_id = notebook.cell(CONTEXT)
    cell = notebook.begin(work)
    cancel(user, run_id)
    said = notebook.outcome(cell)
    assert said in ("RunCanceled", "KeyboardInterrupt", "CancelledError")
    assert status_of(user, run_id, "Canceled") == "Canceled"
    assert notebook.cell("print(1 + 1)") == "2"


def test_a_cancel_between_cells_ends_the_run(user: User, notebook: Notebook) -> None:
    run_id = notebook.cell(CONTEXT)
    cancel(user, run_id)
    assert status_of(user, run_id, "Canceled") == "Canceled"
    assert notebook.cell("print(1 + 1)") == "2"
    assert notebook.cell("print(run.cancel_requested)") == "True"
