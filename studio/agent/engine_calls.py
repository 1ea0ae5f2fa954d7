"""Calls of an executor that can take long: a few threads do them, not the agent's loop.

`sbatch` of a busy controller takes a good part of a second. A sweep of hundreds of runs
would hold up heartbeats and cancels at the same time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False)
class EngineCall:
    """A call that waits, is under way, or is done. Then `error` is what it raised."""

    work: Callable[[], None] = field(repr=False)
    is_done: bool = False
    error: Exception | None = None

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # noqa: BLE001
            # The loop raises it where the result is read.
            self.error = error
        self.is_done = True

    def check(self) -> None:
        """Raise what the call raised."""
        if self.error is not None:
            raise self.error


class EngineCalls:
    """Up to `threads` calls at a time; with 0, each is done before `begin` returns."""

    def __init__(self, wake: Callable[[], None], threads: int) -> None:
        """Each call ends with one of `wake`."""
        self._wake, self._threads = wake, threads
        self._lock = threading.Lock()
        self._waiting: deque[EngineCall] = deque()
        self._working = 0

    def begin(self, work: Callable[[], None], *, is_urgent: bool = False) -> EngineCall:
        """Do the work soon, before the waiting ones if it `is_urgent`."""
        call = EngineCall(work)
        if not self._threads:
            call.run()
            return call
        with self._lock:
            if is_urgent:
                self._waiting.appendleft(call)
            else:
                self._waiting.append(call)
            if self._working < self._threads:
                self._working += 1
                threading.Thread(target=self._work, daemon=True).start()
        return call

    def withdraw(self, call: EngineCall) -> bool:
        """Forget a call that waits; False if it was begun."""
        with self._lock:
            if call not in self._waiting:
                return False
            self._waiting.remove(call)
            return True

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working -= 1
                    return
                call = self._waiting.popleft()
            call.run()
            self._wake()
