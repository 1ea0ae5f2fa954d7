"""Work that the server does by itself, as a background task that members see."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from django.db import DatabaseError

from runs.actions.task_rows.ends import end_task, save_progress
from runs.models import BackgroundTask, TaskKind, TaskState, now_ms

#: Work that ends sooner has no row: members would see rows that say nothing.
SHOWN_AFTER_SECONDS = 3.0
#: Between two writes of the progress.
PROGRESS_SECONDS = 1.0


class ServerWork:
    """Counts what is done in one workspace; writes a row if it takes long.

    `count_left` returns how many items are left. A row that a killed worker left open
    is continued. As a context manager, it ends the row.
    """

    def __init__(
        self,
        workspace_id: int,
        kind: TaskKind,
        action: str,
        count_left: Callable[[], int],
    ) -> None:
        self._workspace_id, self._kind, self._action = workspace_id, kind, action
        self._count_left = count_left
        self._started = now_ms()
        self._next_save = time.monotonic() + SHOWN_AFTER_SECONDS
        row = BackgroundTask.objects.open().filter(
            workspace=workspace_id, kind=kind
        ).first()  # fmt: skip
        self._key = row.pk if row else None
        self._position = row.position if row else 0
        self._changed = row.changed if row else 0
        self._total = 0

    def __enter__(self) -> ServerWork:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        # A database with an error cannot note it: the next attempt continues the row.
        elif isinstance(error, Exception) and not isinstance(error, DatabaseError):
            self._end(TaskState.FAILED, str(error))

    def advance(self, handled: int, changed: int) -> None:
        """Count items, and write the progress once in a while."""
        self._position += handled
        self._changed += changed
        if time.monotonic() >= self._next_save:
            self._next_save = time.monotonic() + PROGRESS_SECONDS
            self._save()

    def end(self) -> None:
        """End the row, if there is one."""
        self._end(TaskState.DONE)

    def _end(self, state: TaskState, error: str = "") -> None:
        if self._key is not None:
            counts = {"position": self._position, "changed": self._changed}
            if state == TaskState.DONE:
                counts["total"] = self._position
            end_task(self._key, state, now=now_ms(), error=error, **counts)

    def _save(self) -> None:
        if self._position > self._total or not self._total:
            self._total = self._position + self._count_left()
        counts = {
            "position": self._position,
            "changed": self._changed,
            "total": self._total,
        }
        if self._key is None:
            row = BackgroundTask.objects.create(
                workspace_id=self._workspace_id,
                kind=self._kind,
                action=self._action,
                state=TaskState.RUNNING,
                created=self._started,
                started=self._started,
                **counts,
            )
            self._key = row.pk
        elif not save_progress(self._key, **counts):
            # It was ended, as by switching the log index off: this is other work.
            self._key, self._position, self._changed = None, 0, 0


def workspaces_with_open_work(kind: TaskKind) -> set[int]:
    """Return the keys of workspaces where a worker left such work open."""
    rows = BackgroundTask.objects.open().filter(kind=kind)
    return set(rows.values_list("workspace", flat=True))
