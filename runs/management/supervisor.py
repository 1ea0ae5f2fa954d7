"""Start the server's processes, restart those that die, and end them all."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings

TICK_SECONDS = 0.2
#: Longer than the web server itself gives to requests that are under way.
STOP_SECONDS = 30.0
#: A process that ran this long restarts at once; others after a growing delay.
STEADY_SECONDS = 30.0
MAX_WAIT_SECONDS = 30.0

PrintLine = Callable[[str], object]


@dataclass
class ChildProcess:
    """A process that should always run, unless it ends with one of `final_codes`."""

    name: str
    command: Sequence[str]
    #: Its whole environment; without one, that of this process.
    environment: Mapping[str, str] | None = None
    final_codes: frozenset[int] = frozenset()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = field(default=0.0)
    has_ended: bool = False

    def start(self, now: float) -> None:
        # A group of its own: Ctrl-C reaches the supervisor alone, which ends the rest
        # in order. Standard output is for the ready line, so children print to stderr.
        self.process = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
        )
        self.started = now

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_death(self, now: float) -> float:
        """Count it, and return how many seconds to wait before the next start."""
        steady = now - self.started >= STEADY_SECONDS
        self.deaths = 0 if steady else self.deaths + 1
        wait = 0.0 if steady else min(MAX_WAIT_SECONDS, 0.25 * 2**self.deaths)
        self.not_before = now + wait
        return wait


class StopRequest:
    """An event that a signal's handler can set.

    `threading.Event` could lock up: its lock can be held by the code that the signal
    interrupted.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        # Not `select`, which takes only the first 1,024 descriptors of a process.
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)

    def set(self) -> None:
        self._is_set = True
        # A full pipe wakes the wait, too.
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b"\0")

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Until it is set, or the time is over; whether it is set."""
        if not self._is_set:
            self._poll.poll(seconds * 1000)
        return self._is_set


class Supervisor:
    """Runs until `stop` is set, by a signal or by a call."""

    def __init__(self, children: Sequence[ChildProcess], print_line: PrintLine) -> None:
        self.children = children
        self.print_line = print_line
        self.stop = StopRequest()
        self.signals = 0
        #: Why it stopped by itself; empty when a signal stopped it.
        self.reason = ""

    def stop_because(self, reason: str) -> None:
        self.reason = reason
        self.stop.set()

    def start(self) -> None:
        """Start the first child; `run` starts the others, when that one serves."""
        self.children[0].start(time.monotonic())

    def run(self) -> None:
        while not self.stop.wait(TICK_SECONDS):
            self.tick(time.monotonic())

    def tick(self, now: float) -> None:
        """Start again what died, when its time has come."""
        for child in self.children:
            if child.is_alive() or child.has_ended:
                continue
            if child.process is not None:
                code = child.process.returncode
                child.process = None
                if code in child.final_codes:
                    child.has_ended = True
                    self.print_line(f"The {child.name} ended, and is not restarted.")
                    continue
                wait = child.note_death(now)
                self.print_line(
                    f"The {child.name} stopped (exit code {code}). "
                    f"Restarting it in {wait:g} s."
                )
            if now >= child.not_before:
                child.start(now)

    def stop_children(self) -> None:
        """Ask all to end, let them finish, and kill what does not."""
        running = [child for child in self.children if child.is_alive()]
        for child in running:
            self._signal(child, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while any(child.is_alive() for child in running):
            # A second signal asks to end at once.
            if time.monotonic() > end or self.signals > 1:
                for child in running:
                    self._signal(child, signal.SIGKILL)
            time.sleep(0.05)

    def _signal(self, child: ChildProcess, number: int) -> None:
        if child.process is not None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(number)

    @contextlib.contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM stop it, and SIGHUP unless it is ignored."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {
            number: signal.signal(number, self._note_signal) for number in numbers
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1
        self.stop.set()


def child_command(*arguments: str) -> list[str]:
    """The command of a child in this Python; the child ends with this process."""
    return [sys.executable, *arguments, "--parent", str(os.getpid())]
