"""Schemas of the activity, and of the undo of all that a token changed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from runs.api.v1.schemas.background_tasks import TaskInfo
from runs.api.v1.schemas.runs import RequestStruct


class ActivityListQuery(RequestStruct):
    """The filter of the activity page.

    `q` is in the filter language: `changed` and `changed_by` are of the change, all
    other terms of a run that it changed. `member` (user names), `kind` and `way` have
    alternatives, separated by commas. `token` is a token's number. `current` is 1 to
    leave out changes of archived and deleted runs alone.
    """

    q: str = ""
    member: str = ""
    kind: str = ""
    way: str = ""
    token: int | None = None
    run: str = ""
    experiment: str = ""
    current: Annotated[int, Meta(ge=0, le=1)] = 0
    after: str = ""
    rows: Annotated[int, Meta(ge=1, le=200)] = 50


class ChangeSetInfo(Struct):
    """Who changed what: `runs` and `changes` count the changed runs and values.

    `way` is `browser`, `rest`, `sdk`, `cli`, `mlflow` or `server`, and empty for what
    older versions wrote. `experiment` is the only one that was changed. `undone_by` is
    the number of the newest undo, which `undone` says is in effect. `alert_rule` is the
    name of the rule that made the change in the name of `member`.
    """

    number: int
    time: int
    action: str
    kind: str
    way: str
    member: str | None
    token: str | None
    token_number: int | None
    alert_rule: str | None
    experiment: str | None
    runs: int
    changes: int
    undone: bool
    undone_by: int | None


class ActivityList(Struct):
    """The newest first; `after` is the cursor of the next page, empty at the end."""

    changes: list[ChangeSetInfo]
    after: str


class ChangePartQuery(RequestStruct):
    """`after` is the key of the last value that was read, 0 for the first part."""

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    rows: Annotated[int, Meta(ge=1, le=1000)] = 100


class EditInfo(Struct):
    """A value before and after; a tag is an object with its `value`.

    One of `run`, `experiment`, `view` (a slug) and `model` says what was changed.
    """

    key: int
    run: str | None
    experiment: str | None
    view: str | None
    model: str | None
    field: str
    before: Any
    after: Any


class ChangeSetDetails(Struct):
    """A part of the values; `after` is the key for the next part, 0 at the end."""

    change: ChangeSetInfo
    edits: list[EditInfo]
    after: int


class UndoSinceRequest(RequestStruct):
    """`token` is a token's number or name, `since` a time in ms."""

    token: str
    since: int
    dry_run: bool = False


class UndoSinceReply(Struct, omit_defaults=True):
    """How many values of how many runs were restored; with `dry_run`, would be.

    Reasons for skipping: `same` (it is as before), `changed_since`, `locked`,
    `locked_by_others` (only who locked the run, and owners, can unlock it), `trashed`
    (it can't be locked in the trash), `tree_locked`, `registered`, `experiment_deleted`
    (runs were moved from it), `name` (another experiment has the name now, or a file or
    folder the path), `version_gone` (of a file), `not_supported`. `change_set` is the
    number for undo; null if there is none. For more than 1,000 changed values the
    status is 202, the counts are 0, and `task` is the background task.
    """

    changed: int
    runs: int
    skipped: dict[str, int]
    change_set: int | None
    task: TaskInfo | None = None
