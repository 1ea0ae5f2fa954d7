"""A member cancels the run of an unmodified script."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

from tests.sdk.process.script import Script, client_of, read_run, start, wait_for
from tests.sdk.process.test_ends import BEGIN
from tests.sdk.user import User

READY = "\nprint('ready', flush=True)\n"
#: Seconds until SIGTERM and SIGKILL, instead of 30 and 60.
SHORT_LADDER = """
from studio.sdk.process import cancellation
cancellation.TERMINATE_AFTER_SECONDS, cancellation.KILL_AFTER_SECONDS = 3.0, 5.0
"""


def cancel(script: Script, run: str = "run ") -> str:
    """Cancel the run of a script that is ready; its id."""
    script.wait_line("ready")
    run_id = script.wait_line(run)
    client_of(script.user).post(f"runs/{run_id}/cancel", {})
    return run_id


def ended(user: User, run_id: str) -> str:
    """The status once it is final."""

    def find() -> Any:
        status = read_run(user, run_id)["status"]
        return status in ("Completed", "Failed", "Canceled") and status

    return str(wait_for(find, "the end"))


@pytest.mark.parametrize(
    "work",
    [
        "time.sleep(100)",
        "while True: pass",
        "threading.Event().wait()",
        "import subprocess; subprocess.run(['sleep', '100'])",
        "import queue; queue.Queue().get()",
        "os.read(os.pipe()[0], 1)",
        "signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(100)",
        "import asyncio; asyncio.run(asyncio.sleep(100))",
        "with run: time.sleep(100)",
        "while not run.cancel_requested: time.sleep(0.1)",
    ],
)
def test_a_cancel_ends_whatever_the_script_waits_for(user: User, work: str) -> None:
    script = start(user, f"{BEGIN}{READY}{work}\n")
    run_id = cancel(script)
    script.wait()
    assert ended(user, run_id) == "Canceled"
    # asyncio cancels its task and raises a KeyboardInterrupt of its own.
    if "cancel_requested" not in work and "asyncio" not in work:
        assert "RunCanceled" in script.said()
        assert script.process.returncode == -signal.SIGINT


CATCH_AND_SAVE = """
from studio.sdk import RunCanceled
try:
    time.sleep(100)
except RunCanceled as error:
    print("caught", error.run_id == run.id, run.cancel_requested)
    run.log("saved", 1)
"""


@pytest.mark.parametrize(
    "rest",
    [
        "try: time.sleep(100)\nexcept KeyboardInterrupt: pass\nrun.complete()",
        "try: time.sleep(100)\nexcept BaseException as error: run.fail(error)",
        "try:\n    time.sleep(100)\nexcept:\n    sys.exit(3)",
        "with run:\n  try:\n    time.sleep(100)\n  except KeyboardInterrupt:\n    pass",
        CATCH_AND_SAVE,
    ],
)
def test_a_script_that_catches_the_interrupt_is_canceled(user: User, rest: str) -> None:
    script = start(user, f"{BEGIN}{READY}{rest}\n")
    run_id = cancel(script)
    script.wait()
    assert ended(user, run_id) == "Canceled", script.said()
    if "caught" in rest:
        assert script.wait_line("caught ") == "True True"
        assert "saved" in str(client_of(user).get(f"runs/{run_id}/metrics"))


def test_the_interrupt_comes_once(user: User) -> None:
    rest = """
for seconds in (100, 8):
    try:
        time.sleep(seconds)
        print("slept", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    script = start(user, f"{BEGIN}{READY}{rest}")
    run_id = cancel(script)
    script.wait()
    assert script.lines.count("interrupted") == script.lines.count("slept") == 1
    assert ended(user, run_id) == "Canceled"


STUBBORN = """
while True:
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        print("ignored", flush=True)
"""


def signals_of(user: User, run_id: str) -> list[str]:
    """The signals that the server knows of, as its page shows them."""
    events = client_of(user).get(f"runs/{run_id}/events")
    text = str(events)
    return [name for name in ("SIGINT", "SIGTERM", "SIGKILL") if name in text]


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        ("", ["SIGINT", "SIGTERM"]),
        (
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
            ["SIGINT", "SIGTERM", "SIGKILL"],
        ),
    ],
    ids=["SIGTERM", "SIGKILL"],
)
def test_a_script_that_does_not_end_is_terminated_and_killed(
    user: User, before: str, sent: list[str]
) -> None:
    script = start(user, f"{SHORT_LADDER}{BEGIN}{before}{READY}{STUBBORN}")
    run_id = cancel(script)
    assert script.wait() == -signal.Signals[sent[-1]], script.said()
    assert "ignored" in script.lines
    assert ended(user, run_id) == "Canceled"
    assert signals_of(user, run_id) == sent
    # The points arrived before the process ended.
    assert client_of(user).get(f"runs/{run_id}/metrics")["metrics"]


def test_force_stop_kills_the_script_at_once(user: User) -> None:
    script = start(user, f"{BEGIN}{READY}{STUBBORN}")
    run_id = cancel(script)
    script.wait_line("ignored")
    client_of(user).post(f"runs/{run_id}/cancel", {"kill": True})
    assert script.wait() == -signal.SIGKILL, script.said()
    assert ended(user, run_id) == "Canceled"
    assert signals_of(user, run_id) == ["SIGINT", "SIGKILL"]


def test_a_script_whose_main_thread_has_ended_is_stopped(user: User) -> None:
    rest = """
def work():
    while True:
        time.sleep(0.1)
threading.Thread(target=work).start()
"""
    script = start(user, f"{SHORT_LADDER}{BEGIN}{rest}{READY}")
    run_id = cancel(script)
    script.wait()
    assert ended(user, run_id) == "Canceled", script.said()


def test_a_run_of_a_thread_is_canceled_in_its_thread(user: User) -> None:
    script = start(
        user,
        """
import threading, time
from azureml.core import Experiment, Workspace
exp = Experiment(Workspace.from_config(), "ends")

def trial(name):
    with exp.start_logging(snapshot_directory=None, outputs=False) as run:
        print(f"{name} {run.id}\\n", end="", flush=True)
        for _ in range(150):
            if name == "other" and done.is_set():
                break
            time.sleep(0.1)

done = threading.Event()
threads = [threading.Thread(target=trial, args=(n,)) for n in ("run", "other")]
for thread in threads:
    thread.start()
print("ready", flush=True)
threads[0].join()
done.set()
threads[1].join()
print("main ends", flush=True)
""",
    )
    other = script.wait_line("other ")
    run_id = cancel(script)
    assert script.wait() == 0, script.said()
    assert "main ends" in script.lines
    assert ended(user, run_id) == "Canceled"
    assert ended(user, other) == "Completed"


def test_a_background_script_with_sigint_ignored_is_canceled(user: User) -> None:
    """As a shell's script starts it with `&`."""
    command = ["sh", "-c", f'trap "" INT; exec {sys.executable} "$0"']
    script = start(user, f"{BEGIN}{READY}time.sleep(100)\n", command=command)
    run_id = cancel(script)
    script.wait()
    assert ended(user, run_id) == "Canceled", script.said()
