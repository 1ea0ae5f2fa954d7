"""In a terminal the command has a terminal, too, and Ctrl-C stops it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from studio.core.cancel_signals import CancelSignal
from studio.runner.ladder import SignalLadder
from studio.runner.streams import last_lines
from tests.parts.waiting import becomes
from tests.runner.launched import STUDIO, Shell


class Terminal:
    """A terminal in which `studio run` is the foreground program."""

    def __init__(self, shell: Shell, *words: str) -> None:
        self._master, terminal = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            # `setsid --ctty` makes it the session's controlling terminal.
            ["setsid", "--ctty", "--wait", *STUDIO, "run", *words],
            env=shell.environment(),
            cwd=shell.folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        shell.started.append(self.process)
        os.close(terminal)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while chunk := os.read(self._master, 4096):
                self.shown += chunk
        except OSError:
            return

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)


def test_a_command_in_a_terminal_sees_a_terminal(shell: Shell) -> None:
    shell.write(
        "script.py",
        """
        import os, sys
        print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())
        print("size", *os.get_terminal_size(1))
        name = input("name? ")
        print(f"\\x1b[32mhello {name}\\x1b[0m")
        """,
    )
    terminal = Terminal(shell, "--", sys.executable, "script.py")
    assert becomes(lambda: b"name? " in terminal.shown), terminal.shown
    terminal.type(b"ada\n")
    assert terminal.process.wait(60) == 0
    assert becomes(lambda: b"hello ada" in terminal.shown)
    assert b"True True True\r\n" in terminal.shown, terminal.shown
    assert b"\x1b[32mhello ada\x1b[0m\r\n" in terminal.shown


def test_ctrl_c_in_a_terminal_stops_the_command(shell: Shell) -> None:
    shell.write("script.py", "import time\nprint('ready')\ntime.sleep(600)\n")
    terminal = Terminal(shell, "--", sys.executable, "script.py")
    assert becomes(lambda: b"ready" in terminal.shown), terminal.shown
    terminal.type(b"\x03")
    assert terminal.process.wait(60) == 130
    assert becomes(lambda: b"KeyboardInterrupt" in terminal.shown)


def test_ctrl_z_in_a_terminal_pauses_the_command(shell: Shell) -> None:
    shell.write(
        "script.py",
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n",
    )
    terminal = Terminal(shell, "--", sys.executable, "script.py")
    path = shell.folder / "pid"
    assert becomes(lambda: path.exists() and bool(path.read_text()))
    script = psutil.Process(int(path.read_text()))
    launcher = script.parent()
    assert launcher is not None
    terminal.type(b"\x1a")
    assert becomes(lambda: launcher.status() == psutil.STATUS_STOPPED)
    assert becomes(lambda: script.status() == psutil.STATUS_STOPPED)
    launcher.send_signal(signal.SIGCONT)
    assert becomes(lambda: script.status() != psutil.STATUS_STOPPED)
    terminal.type(b"\x03")
    assert terminal.process.wait(60) == 130


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a\n\n\n", "a"),
        ("10%\r20%\r\x1b[2K30%\nend", "30%\nend"),
        ("\n".join(map(str, range(100))), "\n".join(map(str, range(70, 100)))),
        ("x\r\ny\r\n", "x\ny"),
    ],
)
def test_the_last_lines_are_as_a_terminal_shows_them(text: str, expected: str) -> None:
    assert last_lines(text) == expected


def test_the_ladder_sends_each_signal_once_and_in_order() -> None:
    ladder = SignalLadder(30, 60)
    ladder.start(100)
    ladder.start(200)
    sent = [
        (now, ladder.next_due(now)) for now in (100, 101, 129.9, 130, 159, 160, 900)
    ]
    assert [(now, name) for now, name in sent if name] == [
        (100, CancelSignal.INTERRUPT),
        (130, CancelSignal.TERMINATE),
        (160, CancelSignal.KILL),
    ]
    assert ladder.seconds_to_next(900) is None


def test_a_ladder_that_begins_with_sigterm_kills_after_the_rest_of_the_time() -> None:
    ladder = SignalLadder(30, 60)
    ladder.hasten(CancelSignal.TERMINATE, 100)
    assert ladder.next_due(100) is CancelSignal.TERMINATE
    assert ladder.next_due(129) is None
    assert ladder.next_due(130) is CancelSignal.KILL


def test_a_hastened_kill_leaves_out_weaker_signals() -> None:
    ladder = SignalLadder(30, 60)
    ladder.start(0)
    ladder.hasten(CancelSignal.KILL, 0)
    assert ladder.next_due(0) is CancelSignal.KILL
    assert ladder.next_due(1000) is None
