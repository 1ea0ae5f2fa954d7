"""Schemas of background tasks."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

TaskKindName = Literal["change", "undo", "export", "purge", "log_index"]
TaskStateName = Literal["waiting", "running", "done", "stopped", "failed"]


class LaterChange(Struct):
    """A value that an undo left as it is, because it was changed since."""

    field: str
    before: Any
    after: Any
    now: Any
    run: str | None = None


class TaskInfo(Struct):
    """A background task and how far it is.

    `position` of `total` items are handled: `changed` were changed, and `skipped`
    counts the others by reason. The items are runs; of an undo they are values, of the
    log index bytes. `change_set` is the number for undo. `later` has up to 20 values
    that an undo left, because they were changed since. `export` is the number for
    `history-exports`. Without `user` the server does it by itself: a purge of the
    trash, or the log index. Times are milliseconds since the epoch.
    """

    id: int
    kind: TaskKindName
    action: str
    state: TaskStateName
    total: int
    position: int
    changed: int
    skipped: dict[str, int]
    change_set: int | None
    user: str | None
    token: str | None
    error: str
    created: int
    started: int | None
    ended: int | None
    later: list[LaterChange] = field(default_factory=list)
    export: int | None = None


class TaskList(Struct):
    """A page of background tasks; `before` asks for the next page."""

    tasks: list[TaskInfo]
    before: int | None


class TaskQuery(Struct):
    """`open=1`: only tasks that wait or run."""

    before: int | None = None
    limit: int = 50
    open: int = 0
