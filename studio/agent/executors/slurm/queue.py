"""Slurm's queue as it was when it was last asked for: one `squeue` for all jobs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping

from studio.agent.executors.executor import EngineUnavailable
from studio.agent.executors.slurm import commands
from studio.agent.executors.slurm.commands import QueueRow

#: How often the queue is asked for: with few jobs, and with many.
FEW_SECONDS, MANY_SECONDS = 2.0, 5.0
FEW_JOBS = 100


class SlurmQueue:
    """The rows of this user's jobs, by their comments. Threads can share it."""

    def __init__(
        self, environment: Mapping[str, str], few_seconds: float = FEW_SECONDS
    ) -> None:
        self._environment, self._few_seconds = environment, few_seconds
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
            self._ask_since(time.monotonic())
            return
        is_few = len(self._rows) < FEW_JOBS
        seconds = self._few_seconds if is_few else MANY_SECONDS
        # After the answer: it can take longer than the pause.
        is_due = time.monotonic() - self._answered >= seconds
        if is_due and (self._thread is None or not self._thread.is_alive()):
            begin = time.monotonic()
            self._thread = threading.Thread(
                target=self._ask_since, args=(begin,), daemon=True
            )
            self._thread.start()

    def _ask_since(self, begin: float) -> None:
        """Ask, unless another thread has asked after `begin`."""
        with self._lock:
            if self._asked > begin:
                return
            asked = time.monotonic()
            try:
                rows = commands.list_queue(self._environment)
            except EngineUnavailable as error:
                self.error = str(error)
            else:
                self.error = ""
                self._replace({row.comment: row for row in rows if row.comment}, asked)
            self._asked, self._answered = asked, time.monotonic()

    def _replace(self, rows: dict[str, QueueRow], asked: float) -> None:
        with self._rows_lock:
            self._added = {
                comment: at for comment, at in self._added.items() if at > asked
            }
            for comment in self._added:
                rows.setdefault(comment, self._rows[comment])
            self._rows = rows

    def find(self, comment: str) -> QueueRow | None:
        return self._rows.get(comment)

    def add(self, row: QueueRow) -> None:
        """A job that was submitted since."""
        with self._rows_lock:
            self._rows.setdefault(row.comment, row)
            self._added[row.comment] = time.monotonic()
