"""A cancel, Ctrl-C and SIGTERM stop a command, however it reacts."""

from __future__ import annotations

import os
import signal
import sys

import psutil
import pytest

from tests.parts.waiting import becomes, is_gone
from tests.runner.launched import Launched, Shell

SLEEPS = """
import os, time
open("pid", "w").write(str(os.getpid()))
time.sleep(600)
"""
#: Ignores all that can be ignored, as do the processes that it starts.
STUBBORN = """
import os, signal, subprocess, sys, time
for name in ("SIGINT", "SIGTERM"): signal.signal(signal.Signals[name], signal.SIG_IGN)
if len(sys.argv) < 2:
    other = subprocess.Popen([sys.executable, __file__, "other"])
    open("pids", "w").write(f"{os.getpid()} {other.pid}")
time.sleep(600)
"""


def cancel(started: Launched, **body: bool) -> None:
    started.client.post(f"runs/{started.run_id}/cancel", body)


def test_a_cancel_interrupts_the_command_within_seconds(shell: Shell) -> None:
    started = shell.python(SLEEPS)
    pid = int(started.wait_for("pid"))
    cancel(started)
    assert started.wait() == 128 + signal.SIGINT
    assert is_gone(pid)
    run = started.run()
    assert (run["status"], run["error"]) == ("Canceled", "")
    assert "KeyboardInterrupt" in started.errors
    assert started.messages()[1:-1] == [
        "Cancel was requested",
        "The cancel was acknowledged",
        "SIGINT was sent",
    ]


def test_a_command_that_ignores_signals_is_killed_with_all_it_started(
    shell: Shell,
) -> None:
    delays = ("--terminate-after", "0.5", "--kill-after", "1")
    started = shell.python(STUBBORN, *delays)
    pids = [int(word) for word in started.wait_for("pids").split()]
    cancel(started)
    assert started.wait() == 128 + signal.SIGKILL
    assert all(is_gone(pid) for pid in pids)
    assert started.run()["status"] == "Canceled"
    sent = [text for text in started.messages() if text.endswith("was sent")]
    assert sent == ["SIGINT was sent", "SIGTERM was sent", "SIGKILL was sent"]


def test_force_stop_kills_without_waiting(shell: Shell) -> None:
    started = shell.python(STUBBORN)
    started.wait_for("pids")
    cancel(started)
    # A run that is canceled already can still be killed.
    assert shell.studio("run", "cancel", started.run_id, "--kill").returncode == 0
    assert started.wait() == 128 + signal.SIGKILL
    assert started.run()["status"] == "Canceled"


def test_what_the_command_started_does_not_outlive_a_cancel(shell: Shell) -> None:
    """The command itself ends with SIGINT; its child ignores it."""
    shell.write("child.py", STUBBORN)
    script = f"{sys.executable} child.py other & echo $! > pid; wait"
    started = shell.start(
        *("--terminate-after", "0.3", "--kill-after", "0.6"),
        *("--", "bash", "-c", script),
    )
    pid = int(started.wait_for("pid"))
    assert becomes(lambda: "child.py" in " ".join(psutil.Process(pid).cmdline()))
    cancel(started)
    started.wait()
    assert is_gone(pid)
    assert started.run()["status"] == "Canceled"


def test_code_that_catches_the_interrupt_still_ends_as_canceled(shell: Shell) -> None:
    started = shell.python(
        """
        import time
        try:
            open("pid", "w").write("1")
            time.sleep(600)
        except KeyboardInterrupt:
            print("saved")
        """
    )
    started.wait_for("pid")
    cancel(started)
    assert started.wait() == 0
    assert started.run()["status"] == "Canceled"
    assert started.log() == b"saved\n"


def test_a_command_that_ends_before_the_signal_keeps_its_status(shell: Shell) -> None:
    started = shell.python("print('quick')")
    assert started.wait() == 0
    cancel(started)
    assert started.run()["status"] == "Completed"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("SIGINT", "Interrupted by Ctrl-C"),
        ("SIGTERM", "Stopped by SIGTERM"),
        ("SIGHUP", "The terminal was closed"),
    ],
)
def test_a_signal_to_the_launcher_stops_the_command(
    shell: Shell, name: str, message: str
) -> None:
    started = shell.python(SLEEPS)
    pid = int(started.wait_for("pid"))
    started.process.send_signal(signal.Signals[name])
    assert started.wait() == 128 + signal.Signals[name]
    assert is_gone(pid)
    assert started.run()["status"] == "Canceled"
    assert started.messages()[-1] == message


def test_the_second_interrupt_kills(shell: Shell) -> None:
    started = shell.python(STUBBORN)
    pids = [int(word) for word in started.wait_for("pids").split()]
    started.process.send_signal(signal.SIGINT)
    started.process.send_signal(signal.SIGINT)
    # Two equal signals at one moment can arrive as one.
    assert becomes(lambda: _interrupt_again(started))
    assert started.wait() == 128 + signal.SIGKILL
    assert all(is_gone(pid) for pid in pids)


def _interrupt_again(started: Launched) -> bool:
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGINT)
    return started.process.poll() is not None


def test_a_command_of_a_background_shell_can_be_interrupted(shell: Shell) -> None:
    """A shell starts background commands with SIGINT ignored."""
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    shell.write("script.py", SLEEPS)
    started = shell.start(
        *("--", sys.executable, "script.py"), prefix=(sys.executable, "-c", ignoring)
    )
    started.wait_for("pid")
    # Ctrl-C in the terminal is not meant for a background command.
    os.kill(started.process.pid, signal.SIGINT)
    cancel(started)
    assert started.wait() == 128 + signal.SIGINT
    assert started.run()["status"] == "Canceled"


def test_nohup_holds_for_the_command_too(shell: Shell) -> None:
    shell.write("script.py", SLEEPS)
    started = shell.start(*("--", sys.executable, "script.py"), prefix=("nohup",))
    pid = int(started.wait_for("pid"))
    for one in (started.process.pid, pid):
        os.kill(one, signal.SIGHUP)
    # A later signal has an effect, so the earlier one had none.
    started.process.send_signal(signal.SIGTERM)
    assert started.wait() == 128 + signal.SIGTERM
    assert started.messages()[-1] == "Stopped by SIGTERM"


def test_a_canceled_run_whose_record_was_forced_still_stops(shell: Shell) -> None:
    started = shell.python(SLEEPS)
    pid = int(started.wait_for("pid"))
    cancel(started, force=True)
    assert started.run()["status"] == "Canceled"
    started.wait()
    assert is_gone(pid)


def test_a_background_process_that_prints_can_be_stopped(shell: Shell) -> None:
    """The command itself has ended, and its output goes on."""
    background = "(echo $$ > pid; while :; do echo x; sleep 0.2; done) & exit 0"
    delays = ("--terminate-after", "0.5", "--kill-after", "1")
    started = shell.start(*delays, "--", "sh", "-c", background)
    started.wait_for("pid")
    assert becomes(lambda: started.output.count("x") > 5)
    assert started.process.poll() is None
    cancel(started)
    started.wait()
    assert started.run()["status"] == "Canceled"
