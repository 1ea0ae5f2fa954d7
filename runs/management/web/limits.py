"""Worker threads are shared out here, so that no caller takes them all.

Who is over a limit waits, with the whole request received and no thread taken. Callers
that wait take turns: a thousand requests of one delay another's by one at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from runs.management.web.callers import Caller, Kind
from runs.management.web.protocol import Connection
from studio.core.errors import TooManyRequests

THREADS = 16
#: Requests that wait in one process, of one caller and of one kind of callers.
MAX_WAITING = 500
MAX_WAITING_OF_KIND = 1000
RETRY_AFTER = 5
UNVERIFIED = (Kind.CLAIMANT, Kind.STRANGER)


class ClientGone(Exception):
    """The connection ended before its request was answered."""


@dataclass(frozen=True)
class Limits:
    """How many threads of a process each can have at a time."""

    per_caller: int
    wait_seconds: float
    threads: int = THREADS

    @property
    def most(self) -> int:
        """Of people, and of all others together, so that both always have some."""
        return self.threads - self.threads // 4

    @property
    def beside_people(self) -> int:
        """Of all others, while a person's request runs."""
        return self.threads // 8

    @property
    def unverified(self) -> int:
        return self.threads // 8

    @property
    def senders(self) -> int:
        """Few: their questions are short, and a thousand may come in one moment."""
        return self.threads // 8


Waiting = OrderedDict[Caller, deque[asyncio.Future[None]]]


class Scheduler:
    """Which requests have a thread; lives in the event loop, so it needs no locks."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._running: Counter[Kind] = Counter()
        self._of_caller: Counter[Caller] = Counter()
        self._waiting: dict[Kind, Waiting] = {kind: OrderedDict() for kind in Kind}
        #: The kind that got a waiting thread last stands last.
        self._kinds = list(Kind)

    async def start(self, caller: Caller, link: Connection) -> None:
        """Take a thread, to be given back by `finish`.

        Raises TooManyRequests, ClientGone.
        """
        if caller in self._waiting[caller.kind] or not self._has_room(caller):
            await self._wait(caller, link)
        else:
            self._count(caller)

    @property
    def is_busy(self) -> bool:
        return self._running.total() > 0

    def finish(self, caller: Caller) -> None:
        self._running[caller.kind] -= 1
        self._of_caller[caller] -= 1
        if not self._of_caller[caller]:
            del self._of_caller[caller]
        self._start_waiting()

    def _has_room(self, caller: Caller) -> bool:
        return self._of_caller[caller] < self.limits.per_caller and self._kind_has_room(
            caller.kind
        )

    def _kind_has_room(self, kind: Kind) -> bool:
        running, limits = self._running, self.limits
        if running.total() >= limits.threads:
            return False
        if kind is Kind.PERSON:
            return running[kind] < limits.most
        if kind is Kind.SENDER and running[kind] >= limits.senders:
            return False
        unverified = running[Kind.CLAIMANT] + running[Kind.STRANGER]
        if kind in UNVERIFIED and unverified >= limits.unverified:
            return False
        # Threads share one interpreter: few run next to a person's page.
        most = limits.beside_people if running[Kind.PERSON] else limits.most
        return running.total() - running[Kind.PERSON] < most

    def _count(self, caller: Caller) -> None:
        self._running[caller.kind] += 1
        self._of_caller[caller] += 1

    async def _wait(self, caller: Caller, link: Connection) -> None:
        queues = self._waiting[caller.kind]
        queue = queues.setdefault(caller, deque())
        total = sum(map(len, queues.values()))
        if len(queue) >= MAX_WAITING or total >= MAX_WAITING_OF_KIND:
            raise self._refusal()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            with link.loss() as loss:
                await asyncio.wait(
                    (turn, loss),
                    timeout=self.limits.wait_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            has_turn = turn.done()
            if not has_turn:
                self._forget(caller, turn)
        if has_turn and link.is_lost:
            self.finish(caller)
        if link.is_lost:
            raise ClientGone
        if not has_turn:
            raise self._refusal()

    def _forget(self, caller: Caller, turn: asyncio.Future[None]) -> None:
        queues = self._waiting[caller.kind]
        queues[caller].remove(turn)
        if not queues[caller]:
            del queues[caller]

    def _refusal(self) -> TooManyRequests:
        return TooManyRequests(
            "You have too many requests under way. Try again in a few seconds.",
            retry_after=RETRY_AFTER,
        )

    def _start_waiting(self) -> None:
        """Give free threads away: by turns among kinds, and among a kind's callers."""
        while kind := next(filter(self._start_one, self._kinds), None):
            self._kinds.remove(kind)
            self._kinds.append(kind)

    def _start_one(self, kind: Kind) -> bool:
        queues = self._waiting[kind]
        if not queues or not self._kind_has_room(kind):
            return False
        ready = (one for one in queues if self._has_room(one))
        caller = next(ready, None)
        if caller is None:
            return False
        turn = queues[caller].popleft()
        if queues[caller]:
            queues.move_to_end(caller)
        else:
            del queues[caller]
        self._count(caller)
        turn.set_result(None)
        return True
