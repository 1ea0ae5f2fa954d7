"""What wakes the agent's loop: its threads, signals, and the end of a runner."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from studio.core.readiness import wait_readable


class Wakeup:
    """A pipe. `threading.Event` could lock up if a handler sets it during its wait."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    def __enter__(self) -> None:
        """Close it at the end of a block."""

    def __exit__(self, *_error: object) -> None:
        read, write, self._read, self._write = self._read, self._write, -1, -1
        os.close(read)
        os.close(write)

    def set(self) -> None:
        # Full means that it is set. After the end, threads still call it.
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def wait(self, seconds: float) -> None:
        """Until it is set, or the time is over."""
        wait_readable(self._read, seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)


class AgentSignals:
    """Calls `receive` for SIGINT and SIGTERM, and SIGHUP unless it is ignored.

    Calls `wake` when a child process ends: its slot is free for the next run.
    """

    def __init__(self, receive: Callable[[], None], wake: Callable[[], None]) -> None:
        self._receive, self._wake = receive, wake
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        for number in numbers:
            self._before[number] = signal.signal(number, self._handle)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, self._handle_child)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._receive()

    def _handle_child(self, _number: int, _frame: FrameType | None) -> None:
        self._wake()

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
