"""Slurm's queue as it was when it was last asked for: one `squeue` for all jobs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from studio.agent.executors.executor import EngineUnavailable
from studio.agent.executors.slurm import commands
from studio.agent.executors.slurm.commands import QueueRow
from studio.agent.executors.slurm.states import is_ended

#: How often the queue is asked for: with few jobs, and with many. Between these
#: numbers of jobs the pause grows with them.
FEW_SECONDS, MANY_SECONDS = 2.0, 5.0
FEW_JOBS, MANY_JOBS = 100, 1000


def pause_seconds(jobs: int, few_seconds: float = FEW_SECONDS) -> float:
    """The time from one question to the next, by the number of jobs that live."""
    share = (jobs - FEW_JOBS) / (MANY_JOBS - FEW_JOBS)
    return few_seconds + (MANY_SECONDS - few_seconds) * min(1.0, max(0.0, share))


class SlurmQueue:
    """The rows of this user's jobs, by their comments. Threads can share it."""

    def __init__(
        self,
        environment: Mapping[str, str],
        few_seconds: float = FEW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environment, self._few_seconds = environment, few_seconds
        self._clock = clock
        #: How many jobs had not ended at the last answer.
        self._living = 0
        self._rows: dict[str, QueueRow] = {}
        #: When a job was submitted that an answer can lack.
        self._added: dict[str, float] = {}
        #: When the last question was asked, and when it was answered.
        self._asked = self._answered = -math.inf
        self._lock, self._rows_lock = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        #: Why Slurm could not be reached; empty if it could.
        self.error = ""

    def refresh(self, *, now: bool = False) -> None:
        """Ask for the queue `now`, or in a thread if that is due.

        A controller that is busy takes seconds, in which the agent has other work.
        """
        if now or self._answered == -math.inf:
            self._ask_since(self._clock())
            return
        begin = self._clock()
        # A controller that takes long to answer is left alone for as long.
        rest = self._answered - self._asked
        is_rested = begin - self._answered >= rest
        is_due = begin - self._asked >= self.pause and is_rested
        if is_due and not self.is_asking:
            self._thread = threading.Thread(
                target=self._ask_since, args=(begin,), daemon=True
            )
            self._thread.start()

    @property
    def pause(self) -> float:
        return pause_seconds(self._living, self._few_seconds)

    @property
    def is_asking(self) -> bool:
        """Whether a thread of `refresh` waits for the answer."""
        return self._thread is not None and self._thread.is_alive()

    def _ask_since(self, begin: float) -> None:
        """Ask, unless another thread has asked after `begin`."""
        with self._lock:
            if self._asked > begin:
                return
            asked = self._clock()
            try:
                rows = commands.list_queue(self._environment)
            except EngineUnavailable as error:
                self.error = str(error)
            else:
                self.error = ""
                self._replace({row.comment: row for row in rows if row.comment}, asked)
            self._asked, self._answered = asked, self._clock()

    def _replace(self, rows: dict[str, QueueRow], asked: float) -> None:
        with self._rows_lock:
            self._added = {
                comment: at for comment, at in self._added.items() if at > asked
            }
            for comment in self._added:
                rows.setdefault(comment, self._rows[comment])
            self._rows = rows
            self._living = sum(not is_ended(row.state) for row in rows.values())

    def find(self, comment: str) -> QueueRow | None:
        return self._rows.get(comment)

    def add(self, row: QueueRow) -> None:
        """A job that was submitted since."""
        with self._rows_lock:
            self._rows.setdefault(row.comment, row)
            self._added[row.comment] = self._clock()
