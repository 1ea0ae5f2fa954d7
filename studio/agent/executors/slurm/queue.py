"""Slurm's queue as it was when it was last asked for: one `squeue` for all jobs."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from studio.agent.executors.executor import EngineUnavailable
from studio.agent.executors.slurm import commands
from studio.agent.executors.slurm.commands import QueueRow

#: How often the queue is asked for: with few jobs, and with many.
FEW_SECONDS, MANY_SECONDS = 2.0, 5.0
FEW_JOBS = 100


class SlurmQueue:
    """The rows of this user's jobs, by their comments."""

    def __init__(
        self, environment: Mapping[str, str], few_seconds: float = FEW_SECONDS
    ) -> None:
        self._environment, self._few_seconds = environment, few_seconds
        self._rows: dict[str, QueueRow] = {}
        self._asked = -math.inf
        #: Why Slurm could not be reached; empty if it could.
        self.error = ""

    def refresh(self, *, now: bool = False) -> None:
        """Ask for the queue if that is due, or `now`."""
        is_few = len(self._rows) < FEW_JOBS
        seconds = self._few_seconds if is_few else MANY_SECONDS
        if not now and time.monotonic() - self._asked < seconds:
            return
        try:
            rows = commands.list_queue(self._environment)
        except EngineUnavailable as error:
            self.error = str(error)
        else:
            self.error = ""
            self._rows = {row.comment: row for row in rows if row.comment}
        # After the answer: it can take longer than the pause.
        self._asked = time.monotonic()

    def find(self, comment: str) -> QueueRow | None:
        return self._rows.get(comment)

    def add(self, row: QueueRow) -> None:
        """A job that was submitted since."""
        self._rows[row.comment] = row
