"""What the worker does with the open background tasks.

The tasks that change runs are done one after the other in each workspace, in the order
in which they were started: of two changes of the same runs the later one wins, as it
would without a queue. Workspaces take turns.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, OperationalError
from django.db.models import Min
from django.utils.translation import gettext as _

from runs.actions.background_tasks.starting import CHANGING_KINDS, count_attempt
from runs.actions.background_tasks.steps import run_step
from runs.actions.task_rows import end_task
from runs.http import is_temporary
from runs.models import BackgroundTask, RunCountMerges, TaskState, now_ms
from studio.core.errors import StudioError

log = logging.getLogger("studio.worker")

#: How long the worker works at a time, and on one workspace before its turn ends.
SLICE_SECONDS, TURN_SECONDS = 3.0, 1.0
#: Between two steps, so that others who wait for the database's lock get it.
PAUSE_SHARE, MIN_PAUSE_SECONDS = 0.15, 0.002
#: A task that ended the worker so often is given up.
MAX_ATTEMPTS = 5
#: After an error of the database, such as a full disk.
RETRY_SECONDS = 10.0


class BackgroundTasks:
    """Does steps of all open tasks for a slice of time at each call."""

    def __init__(self, pause: Callable[[float], object] = time.sleep) -> None:
        self._pause = pause
        self._begun: set[int] = set()
        self._run_counts = RunCountMerges()
        self._not_before = 0.0
        #: Whether steps are left to do now.
        self.is_busy = False

    def __call__(self, _now: int) -> int:
        """Do steps for a slice of time; return how many tasks ended."""
        until, ended = time.monotonic() + SLICE_SECONDS, 0
        self.is_busy = False
        if time.monotonic() < self._not_before:
            return 0
        self._not_before = 0.0
        while keys := self._next_tasks():
            for key in keys:
                ended += self._take_turn(key, min(until, _in(TURN_SECONDS)))
            if time.monotonic() >= until or self._not_before:
                self.is_busy = not self._not_before
                break
        return ended

    def _next_tasks(self) -> list[int]:
        """Return the oldest open task of each workspace."""
        rows = BackgroundTask.objects.open().filter(kind__in=CHANGING_KINDS)
        firsts = rows.values("workspace").annotate(first=Min("pk"))
        return sorted(firsts.values_list("first", flat=True))

    def _take_turn(self, key: int, until: float) -> int:
        """Do steps of one task; return 1 if it ended."""
        if key not in self._begun and not self._begin(key):
            return 1
        try:
            while True:
                began = time.monotonic()
                has_more = run_step(key, now_ms())
                self._run_counts.merge_if_many()
                if not has_more:
                    self._begun.discard(key)
                    return 1
                now = time.monotonic()
                if now >= until:
                    return 0
                self._pause(max(MIN_PAUSE_SECONDS, (now - began) * PAUSE_SHARE))
        except (DatabaseError, StudioError, ValueError, LookupError) as error:
            if isinstance(error, OperationalError) and is_temporary(error):
                # A full disk, or a locked database: later it may go well.
                log.exception("A step of the background task %s failed.", key)
                self._not_before = _in(RETRY_SECONDS)
                return 0
            log.exception("The background task %s failed.", key)
            self._begun.discard(key)
            message = error.message if isinstance(error, StudioError) else str(error)
            end_task(key, TaskState.FAILED, now=now_ms(), error=message)
            return 1

    def _begin(self, key: int) -> bool:
        """Continue a task after a start; False if it is given up."""
        attempts = BackgroundTask.objects.values_list("attempts", flat=True)
        if attempts.get(pk=key) >= MAX_ATTEMPTS:
            text = _("The server ended %(count)s times while doing this.")
            error = text % {"count": MAX_ATTEMPTS}
            end_task(key, TaskState.FAILED, now=now_ms(), error=error)
            return False
        count_attempt(key)
        self._begun.add(key)
        return True


def _in(seconds: float) -> float:
    return time.monotonic() + seconds
