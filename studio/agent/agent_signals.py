"""The signals that stop an agent, and the one that a runner has ended."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any


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
