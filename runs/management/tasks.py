"""The worker's tasks and its clock: what is done how often."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from runs.actions.expiry import (
    purge_old_trash,
    remove_expired_sign_ins,
    remove_lost_blobs,
    remove_replaced_files,
)
from runs.actions.history_exports import HistoryWork, remove_old_exports
from runs.actions.selections import drop_unused_selections
from runs.actions.share_links import drop_ended_share_links
from runs.actions.silence import mark_silent_runs
from runs.management.database import optimize
from runs.models.rollups import fold
from studio.core.errors import StudioError

log = logging.getLogger("studio.worker")

TICK_SECONDS = 5
#: A worker that was not run for so long, as on a laptop asleep, heard nothing either.
GAP_SECONDS = 30
#: An upload of which nothing came for so long was cut off.
UPLOAD_SECONDS = 86_400


@dataclass
class Clock:
    """When the server last was seen at work, so that pauses do not count as silence."""

    listening_since: int
    last: int

    @classmethod
    def started(cls, now: int) -> Clock:
        return cls(listening_since=now, last=now)

    def tick(self, now: int) -> None:
        if not 0 <= now - self.last <= GAP_SECONDS * 1000:
            self.listening_since = now
        self.last = now


@dataclass
class Task:
    """`run` is called with the time, at the start and then every `seconds`."""

    name: str
    seconds: int
    run: Callable[[int], object]
    due: int = 0

    def run_if_due(self, now: int) -> bool:
        if now < self.due:
            return False
        self.due = now + self.seconds * 1000
        try:
            self.run(now)
        except (DatabaseError, OSError, StudioError):
            # The next time may go well: a full disk, a locked database.
            log.exception("The task %r failed.", self.name)
        return True


def all_tasks(clock: Clock) -> Sequence[Task]:
    def mark_silent(now: int) -> int:
        return mark_silent_runs(now, listening_since=clock.listening_since)

    return (
        Task("mark silent runs", 10, mark_silent),
        Task("fold the counts of runs", 10, fold_counts),
        Task("make histories", TICK_SECONDS, HistoryWork()),
        Task("remove old exports", 3600, remove_old_exports),
        Task("remove expired sign-ins", 600, remove_expired_sign_ins),
        Task("remove replaced files", 3600, remove_replaced_files),
        Task("purge old trash", 3600, purge_old_trash),
        Task("drop unused selections", 86_400, drop_unused_selections),
        Task("drop ended share links", 86_400, drop_ended_share_links),
        Task("remove cut-off uploads", 3600, remove_cut_off_uploads),
        Task("remove lost blobs", 7 * 86_400, remove_lost_blobs),
        Task("optimize the database", 86_400, optimize),
    )


def fold_counts(_now: int) -> int:
    return fold()


def remove_cut_off_uploads(now: int) -> int:
    """What a process that was killed had received of a file; returns how many."""
    removed = 0
    for path in Path(settings.FILES_DIR, "incoming").glob("*"):
        try:
            if path.stat().st_mtime < now / 1000 - UPLOAD_SECONDS:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed
