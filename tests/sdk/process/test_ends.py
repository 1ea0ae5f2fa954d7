"""Each way that a script can end, and the status of the run that it left open."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.sdk.process.script import Script, client_of, read_run, run_script, start
from tests.sdk.user import User

BEGIN = """
import os, signal, sys, threading, time
from azureml.core import Experiment, Run, Workspace
run = Experiment(Workspace.from_config(), "ends").start_logging(
    snapshot_directory=None, outputs=False)
print("run", run.id, flush=True)
run.log("loss", 0.5)
"""


def status(script: Script) -> tuple[str, str]:
    info = script.info(script.wait_line("run "))
    return info["status"], info.get("error") or ""


ENDS = {
    "": (0, "Completed", ""),
    "sys.exit()": (0, "Completed", ""),
    "sys.exit(0)": (0, "Completed", ""),
    "sys.exit(3)": (3, "Failed", "exit code 3"),
    "exit(4)": (4, "Failed", "exit code 4"),
    "raise SystemExit(5)": (5, "Failed", "exit code 5"),
    "if run: raise SystemExit(5)": (5, "Failed", "exit code 5"),
    "raise SystemExit": (0, "Completed", ""),
    "try:\n    sys.exit(3)\nexcept SystemExit:\n    pass\nraise SystemExit(0 * 1)": (
        0,
        "Completed",
        "",
    ),
    "sys.exit('no data')": (1, "Failed", "no data"),
    "sys.exit(130)": (130, "Canceled", ""),
    "1 / 0": (1, "Failed", "ZeroDivisionError: division by zero"),
    "def deep():\n    raise ValueError('boom')\ndeep()": (1, "Failed", "in deep"),
    "sys.excepthook = lambda *_: None\n1 / 0": (1, "Failed", "ZeroDivisionError"),
    "try:\n    sys.exit(3)\nexcept SystemExit:\n    pass": (0, "Completed", ""),
    "def main(): sys.exit(3)\ntry: main()\nexcept SystemExit: run.log('a', 1)": (
        0,
        "Completed",
        "",
    ),
    "with run:\n    sys.exit(3)": (3, "Failed", "SystemExit"),
    "t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()": (
        0,
        "Completed",
        "",
    ),
    "t = threading.Thread(target=lambda: sys.exit(3))\nt.start()\nt.join()": (
        0,
        "Completed",
        "",
    ),
    "threading.Thread(target=lambda: (time.sleep(0.5), run.log('late', 1))).start()": (
        0,
        "Completed",
        "",
    ),
    "raise KeyboardInterrupt": (-2, "Canceled", ""),
    "os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)": (-2, "Canceled", ""),
    "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)": (-15, "Canceled", ""),
    "with run:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)": (
        -2,
        "Canceled",
        "",
    ),
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "os.kill(os.getpid(), signal.SIGTERM)": (0, "Completed", ""),
    "child = run.child_run()\nprint('child', child.id)\n1 / 0": (1, "Failed", "Zero"),
    "run.complete()\n1 / 0": (1, "Completed", ""),
    "run.fail('diverged')": (0, "Failed", "diverged"),
}


@pytest.mark.parametrize(
    "end", list(ENDS), ids=lambda end: end.replace("\n", "; ")[:60]
)
def test_an_open_run_ends_as_its_script_does(user: User, end: str) -> None:
    code, expected, error = ENDS[end]
    script = run_script(user, f"{BEGIN}{end}\n")
    assert script.process.returncode == code, script.said()
    found, message = status(script)
    assert found == expected, script.said()
    assert error in message
    if not error:
        assert message == ""
    run_id = script.wait_line("run ")
    if "child_run" in end:
        run_id = script.wait_line("child ")
        assert script.info(run_id)["status"] == expected


def test_an_exit_that_was_imported_before_the_run_is_noted(user: User) -> None:
    script = run_script(user, f"from sys import exit as leave\n{BEGIN}leave(6)\n")
    assert status(script) == ("Failed", "exit code 6")


def test_a_traceback_is_stored_and_printed(user: User) -> None:
    script = run_script(user, f"{BEGIN}\ndef deep():\n    1 / 0\ndeep()\n")
    assert "ZeroDivisionError: division by zero" in script.errors
    _, message = status(script)
    assert message.startswith("User program failed with ZeroDivisionError: division")
    assert "in deep\n    1 / 0" in message


def test_an_exit_handler_can_still_log(user: User) -> None:
    script = run_script(
        user,
        f"import atexit\natexit.register(lambda: run.log('last', 1))\n{BEGIN}",
    )
    run_id = script.wait_line("run ")
    assert client_of(user).get(f"runs/{run_id}/metrics")["metrics"]
    assert "last" in str(client_of(user).get(f"runs/{run_id}/metrics"))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_do_not_end_the_run_and_end_their_own(user: User, method: str) -> None:
    script = run_script(
        user,
        f"""
import multiprocessing, sys
from azureml.core import Experiment, Run, Workspace

def work(number):
    if number == 2:
        own = Experiment(Workspace.from_config(), "ends").start_logging(
            snapshot_directory=None, outputs=False)
        print("own", own.id, flush=True)
        raise ValueError("in a worker")
    run.log("worker", number)
    if number == 1:
        sys.exit(3)

def begin():
    global run
    run = Experiment(Workspace.from_config(), "ends").start_logging(
        snapshot_directory=None, outputs=False)
    print("run", run.id, flush=True)

if __name__ == "__main__":
    begin()
    context = multiprocessing.get_context({method!r})
    workers = [context.Process(target=work, args=(n,)) for n in range(3)]
    if {method!r} == "spawn":
        workers = workers[2:]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("codes", [worker.exitcode for worker in workers])
""",
    )
    assert status(script) == ("Completed", ""), script.said()
    own = read_run(user, script.wait_line("own "))
    assert own["status"] == "Failed"
    assert "in a worker" in own["error"]


def test_a_terminated_worker_leaves_the_run_alone(user: User) -> None:
    script = run_script(
        user,
        f"""{BEGIN}
import multiprocessing
worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
worker.start()
worker.terminate()
worker.join()
print("code", worker.exitcode)
""",
    )
    assert script.wait_line("code ") == "-15"
    assert status(script) == ("Completed", "")


def test_a_killed_script_fails_with_the_next_delivery(
    user: User, tmp_path: Path
) -> None:
    spool = {"STUDIO_SPOOL": str(tmp_path)}
    code = f"{BEGIN}\nprint('ready', flush=True)\ntime.sleep(60)"
    script = start(user, code, STUDIO_SPOOL=str(tmp_path))
    script.wait_line("ready")
    script.send(signal.SIGKILL)
    script.wait()
    assert status(script)[0] == "Running"
    user.run("from studio.cli import main\nmain(['sync'])", env=spool)
    info = script.info(script.wait_line("run "))
    assert info["status"] == "Failed"
    assert "SIGKILL" in info["error"]
    assert info["ended"] >= info["started"]


def test_a_run_that_is_terminated_without_a_server_is_canceled_later(
    user: User, tmp_path: Path
) -> None:
    spool = {"STUDIO_SPOOL": str(tmp_path)}
    script = start(
        user,
        """
import os, time
from tests.sdk.test_offline import GO_OFFLINE
exec(GO_OFFLINE)
"""
        + BEGIN
        + """
run.flush()
proxy.close()
print("ready", flush=True)
time.sleep(60)
""",
        STUDIO_SPOOL=str(tmp_path),
    )
    script.wait_line("ready")
    script.send(signal.SIGTERM)
    assert script.wait() == -signal.SIGTERM, script.said()
    assert status(script)[0] == "Running"
    # The proxy's address was another one, but the server is the same.
    user.run("from studio.cli import main\nmain(['sync'])", env=spool)
    assert status(script)[0] == "Canceled"
    assert list(tmp_path.glob("[0-9a-f]*")) == []


def test_a_sweep_does_not_wait_for_each_child_without_a_server(
    user: User, tmp_path: Path
) -> None:
    script = run_script(
        user,
        """
import os, time
from tests.sdk.test_offline import GO_OFFLINE
exec(GO_OFFLINE)
"""
        + BEGIN
        + """
run.flush()
proxy.close()
start = time.monotonic()
for number in range(5):
    with run.child_run() as child:
        child.log("loss", number)
print("took", time.monotonic() - start, flush=True)
proxy.reopen()
run.complete()
""",
        STUDIO_SPOOL=str(tmp_path),
    )
    # It would be 30 seconds for each.
    assert float(script.wait_line("took ")) < 60, script.said()
    run_id = script.wait_line("run ")
    page = client_of(user).get("runs", parent=run_id, rows=25, children="1")
    assert [one["run"]["status"] for one in page["runs"]] == ["Completed"] * 5
    assert not list(tmp_path.glob("[0-9a-f]*"))
