"""The signals that `studio run` itself receives, as a queue for its main loop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from types import FrameType, TracebackType
from typing import Any

from studio.core.readiness import wait_readable

#: Passed on to the command; SIGCHLD only wakes the loop.
_HANDLED = (
    *("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"),
    *("SIGTSTP", "SIGWINCH", "SIGCHLD"),
)
#: Programs that `nohup` or a shell started in the background keep ignoring these.
_KEEPS_IGNORING = ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTSTP")


class ReceivedSignals:
    """Collects signals while it is open. Used in the main thread."""

    def __init__(self) -> None:
        self._names: deque[str] = deque()
        self._previous: dict[int, Any] = {}
        self._ignored: set[str] = set()
        self._wakeup_read, self._wakeup_write = os.pipe()
        for end in (self._wakeup_read, self._wakeup_write):
            os.set_blocking(end, False)
        self._previous_wakeup = -1

    def __enter__(self) -> ReceivedSignals:
        self._previous_wakeup = signal.set_wakeup_fd(
            self._wakeup_write, warn_on_full_buffer=False
        )
        for name in _HANDLED:
            number = signal.Signals[name]
            before = signal.getsignal(number)
            if before == signal.SIG_IGN and name in _KEEPS_IGNORING:
                # `nohup` is for the command, too; the others it gets with their
                # default effect, as a handler instead of SIG_IGN gives it.
                if name == "SIGHUP":
                    continue
                self._ignored.add(name)
            self._previous[number] = before
            signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for number, before in self._previous.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._previous_wakeup)
        os.close(self._wakeup_read)
        os.close(self._wakeup_write)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if name not in self._ignored:
            self._names.append(name)

    def wait(self, seconds: float) -> None:
        """Until a signal arrives, or the time is over."""
        wait_readable(self._wakeup_read, seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup_read, 4096)

    def take(self) -> list[str]:
        """The names of the signals since the last call."""
        names = []
        while self._names:
            names.append(self._names.popleft())
        return names
