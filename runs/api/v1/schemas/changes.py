"""Schemas of changes of many runs or experiments, and of their undo."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from runs.api.v1.schemas.background_tasks import TaskInfo
from runs.api.v1.schemas.runs import RequestStruct, Tags
from studio.core.statuses import RunStatus

BulkActionName = Literal[
    "tag",
    "rename",
    "archive",
    "unarchive",
    "delete",
    "restore",
    "star",
    "unstar",
    "cancel",
    "mark",
    "move",
    "lock",
    "unlock",
]

ExperimentActionName = Literal["tag", "archive", "unarchive", "delete", "restore"]


class BulkRequest(RequestStruct):
    """Which runs to change, and how.

    Either `ids` names the runs, or `q` is a filter; with `q`, `experiment`, `children`,
    `mine` and `archived` mean the same as in the list of runs. With `below` all runs
    below these change too. `tags` are set and the keys `remove` are removed (`tag`).
    `pattern` is the new name, after `find` was replaced in the old one (`rename`).
    `to` is the name of the experiment that the runs move to, with all runs of their
    trees (`move`); with `create` it is created if needed. `status` is Completed or
    Failed, with the `reason` of a failure (`mark`). With `dry_run` nothing changes, and
    the reply says what would. A repeated `request_id` (up to 64 characters) starts no
    second background task.
    """

    action: BulkActionName
    ids: list[str] | None = None
    q: str | None = None
    experiment: int | None = None
    children: bool = False
    mine: bool = False
    archived: bool = False
    below: bool = False
    tags: Tags = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    pattern: str = "{name}"
    find: str = ""
    replacement: str = ""
    to: str = ""
    create: bool = False
    status: RunStatus | None = None
    reason: str = ""
    dry_run: bool = False
    request_id: str = ""


class ExperimentBulkRequest(RequestStruct):
    """Which experiments to change, and how.

    Either `ids` names them, or `q` is a filter of the list of experiments, which finds
    archived ones too. `tags` are set and the keys `remove` are removed (`tag`). With
    `dry_run` nothing changes, and the reply says what would.
    """

    action: ExperimentActionName
    ids: list[int] | None = None
    q: str | None = None
    tags: Tags = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    dry_run: bool = False


class BulkReply(Struct, omit_defaults=True):
    """How many runs or experiments changed, and how many were skipped, by reason.

    Reasons: `same` (nothing to change), `locked`, `tree_locked` (another run of its
    tree is), `locked_by_others` (only who locked it, and owners, can unlock it),
    `registered` (a registered model uses the run), `trashed` (in the trash), `child`
    (it moves only with its root), `ended`, `canceling`, `launcher` (its launcher sets
    the final status), `status` (its status can't become this one), `name` (the new name
    is empty or too long). For experiments: `same`, `locked` (they have locked runs),
    `registered`, `trashed`, `default` (*Default* can't be deleted). `change_set` is the
    number for undo; null if there is none. For more than 1,000 runs the status is 202,
    and `task` is the background task that changes them.
    """

    changed: int
    skipped: dict[str, int]
    change_set: int | None
    task: TaskInfo | None = None


class UndoRequest(RequestStruct):
    """`anyway`: also where a value was changed since."""

    anyway: bool = False


class UndoReply(Struct, omit_defaults=True):
    """`action` is `undo` or `redo`, or empty if nothing had to change.

    For more than 1,000 values the status is 202, and `task` is the background task.
    """

    change_set: int | None
    action: str
    task: TaskInfo | None = None
