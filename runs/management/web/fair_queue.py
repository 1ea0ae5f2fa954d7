"""Share the worker threads among callers, so that no caller takes all of them.

A request over a limit waits, completely received and without a thread. Waiting callers
take turns: a thousand requests of one caller delay a request of another by one at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from runs.http import Counted, counters
from runs.management.web.callers import Caller, CallerKind
from runs.management.web.connection import Connection
from studio.core.errors import TooManyRequests

THREADS = 16
#: Requests that wait in one process, of one caller and of one kind of callers.
MAX_WAITING = 500
MAX_WAITING_OF_KIND = 1000
RETRY_AFTER = 5
NOT_VERIFIED = (CallerKind.UNVERIFIED, CallerKind.ANONYMOUS)


class ClientGone(Exception):
    """The connection ended before the response to its request."""


@dataclass(frozen=True)
class ThreadLimits:
    """How many threads of one process each caller and group can use."""

    per_caller: int
    wait_seconds: float
    threads: int = THREADS

    @property
    def max_per_group(self) -> int:
        """Threads of browsers, and of all others, so that both always have some."""
        return self.threads - self.threads // 4

    @property
    def max_others(self) -> int:
        """Threads of all others while a request of a browser runs."""
        return self.threads // 8

    @property
    def max_unverified(self) -> int:
        return self.threads // 8

    @property
    def max_senders(self) -> int:
        """Few: these requests are short, and a thousand can arrive at once."""
        return self.threads // 8


WaitingCallers = OrderedDict[Caller, deque[asyncio.Future[None]]]


class FairQueue:
    """Decides which requests get a thread; runs in the event loop, without locks."""

    def __init__(self, limits: ThreadLimits) -> None:
        self.limits = limits
        self._running: Counter[CallerKind] = Counter()
        self._of_caller: Counter[Caller] = Counter()
        self._waiting: dict[CallerKind, WaitingCallers] = {
            kind: OrderedDict() for kind in CallerKind
        }
        #: The kind that got a thread most recently comes last.
        self._kinds = list(CallerKind)

    async def start(self, caller: Caller, connection: Connection) -> None:
        """Take a thread; `finish` returns it.

        Raises TooManyRequests, ClientGone.
        """
        # The requests of one caller keep their order.
        if caller in self._waiting[caller.kind] or not self._can_start(caller):
            await self._wait_for_turn(caller, connection)
        else:
            self._count_started(caller)

    @property
    def has_running_requests(self) -> bool:
        return self._running.total() > 0

    def finish(self, caller: Caller) -> None:
        self._running[caller.kind] -= 1
        self._of_caller[caller] -= 1
        if not self._of_caller[caller]:
            del self._of_caller[caller]
        self._start_waiting()

    def _can_start(self, caller: Caller) -> bool:
        return self._of_caller[
            caller
        ] < self.limits.per_caller and self._kind_can_start(caller.kind)

    def _kind_can_start(self, kind: CallerKind) -> bool:
        running, limits = self._running, self.limits
        if running.total() >= limits.threads:
            return False
        if kind is CallerKind.BROWSER:
            return running[kind] < limits.max_per_group
        if kind is CallerKind.UPLOADER and running[kind] >= limits.max_senders:
            return False
        unverified = running[CallerKind.UNVERIFIED] + running[CallerKind.ANONYMOUS]
        if kind in NOT_VERIFIED and unverified >= limits.max_unverified:
            return False
        # Threads share one interpreter: few run next to a page for a browser.
        limit = (
            limits.max_others if running[CallerKind.BROWSER] else limits.max_per_group
        )
        return running.total() - running[CallerKind.BROWSER] < limit

    def _count_started(self, caller: Caller) -> None:
        self._running[caller.kind] += 1
        self._of_caller[caller] += 1

    async def _wait_for_turn(self, caller: Caller, connection: Connection) -> None:
        queues = self._waiting[caller.kind]
        queue = queues.setdefault(caller, deque())
        total = sum(map(len, queues.values()))
        if len(queue) >= MAX_WAITING or total >= MAX_WAITING_OF_KIND:
            raise self._too_many_requests_error()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        counters.add(Counted.WAITING)
        try:
            with connection.disconnected() as disconnected:
                await asyncio.wait(
                    (turn, disconnected),
                    timeout=self.limits.wait_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            counters.add(Counted.WAITING, amount=-1)
            has_turn = turn.done()
            if not has_turn:
                self._forget_waiting(caller, turn)
        # Turn and disconnection came in the same moment: return the thread.
        if has_turn and connection.is_lost:
            self.finish(caller)
        if connection.is_lost:
            raise ClientGone
        if not has_turn:
            raise self._too_many_requests_error()

    def _forget_waiting(self, caller: Caller, turn: asyncio.Future[None]) -> None:
        queues = self._waiting[caller.kind]
        queues[caller].remove(turn)
        if not queues[caller]:
            del queues[caller]

    def _too_many_requests_error(self) -> TooManyRequests:
        return TooManyRequests(
            "You have too many requests in progress. Try again in a few seconds.",
            retry_after=RETRY_AFTER,
        )

    def _start_waiting(self) -> None:
        """Assign free threads in turns: among kinds, then among their callers."""
        while kind := next(filter(self._start_one, self._kinds), None):
            self._kinds.remove(kind)
            self._kinds.append(kind)

    def _start_one(self, kind: CallerKind) -> bool:
        queues = self._waiting[kind]
        if not queues or not self._kind_can_start(kind):
            return False
        ready = (one for one in queues if self._can_start(one))
        caller = next(ready, None)
        if caller is None:
            return False
        turn = queues[caller].popleft()
        if queues[caller]:
            queues.move_to_end(caller)
        else:
            del queues[caller]
        self._count_started(caller)
        turn.set_result(None)
        return True
