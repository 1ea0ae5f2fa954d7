"""Schemas of experiments, runs and errors. Times are milliseconds since 1970, UTC.

A float without a JSON number is the text "NaN", "Infinity" or "-Infinity".
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from studio.core.names import MAX_CREATE_CHILDREN, SERIES_COLORS
from studio.core.statuses import RunStatus

Texts = dict[str, str]
#: Null is a tag without a value.
Tags = dict[str, str | None]
Number = float | str | None


class RequestStruct(Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query. Unknown fields are refused, so typos are noticed."""


# Workspaces and experiments


class WorkspaceInfo(Struct):
    name: str
    role: str


class WorkspaceList(Struct):
    """`user` is the caller's name, `server` the server's identity."""

    workspaces: list[WorkspaceInfo]
    user: str
    server: str


class ExperimentInfo(Struct):
    """`id` is the experiment's number; 0 is *Default*."""

    id: int
    name: str
    description: str
    tags: Tags
    created: int
    updated: int
    archived: int | None
    deleted: int | None


class ExperimentList(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    experiments: list[ExperimentInfo]
    after: str


class ExperimentQuery(RequestStruct):
    """`name`: only the experiment of exactly that name. `deleted`: no, only or all."""

    name: str = ""
    deleted: str = "no"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


class NewExperiment(RequestStruct):
    name: str
    description: str = ""
    tags: Tags = {}


# UNSET in patches means that the field is absent; null is a value.
class ExperimentPatch(RequestStruct):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class TagEdit(RequestStruct):
    """Tags to set, and the keys of tags to remove."""

    set: Tags = {}
    remove: list[str] = []


class TagReply(Struct):
    tags: Tags


# Runs


class RunInfo(Struct):
    """A run. `parent` is the id of a run that may not exist yet; `root` is the root's
    id. `heartbeats`: its writer sends heartbeats, and so hears of a cancel.
    `has_definition`: it was submitted, so its definition can be read. `launcher` is
    runner or agent if that starts and ends the script, else empty.
    """

    id: str
    number: int
    name: str
    status: RunStatus
    experiment: str
    experiment_id: int
    submitter: str | None
    target: str
    type: str
    script: str
    description: str
    error: str
    parent: str | None
    root: str
    created: int
    started: int | None
    ended: int | None
    updated: int
    heard: int | None
    heartbeats: bool
    launcher: str
    archived: int | None
    deleted: int | None
    locked: bool
    locked_by: str | None
    locked_since: int | None
    color: int | None
    revision: int
    has_definition: bool


class FoundRun(Struct):
    """A run of a list, with the values of the requested columns by field name.

    `tags` needs the column `tags`, `properties` the parameter `properties`.
    """

    run: RunInfo
    starred: bool
    children: int
    tags: Tags
    values: dict[str, Any]
    properties: Texts | UnsetType = UNSET


class RunList(Struct):
    """`total` is exact up to 10,000. `after` and `before` are cursors, or empty."""

    runs: list[FoundRun]
    total: int
    total_is_exact: bool
    after: str
    before: str


class RunSelection(RequestStruct):
    """Which runs of a list are meant, and their columns, named as in the page's URL.

    `q` is the filter, `sort` a field (`-metrics.acc` for descending), `columns` the
    fields. `children`, `mine` and `archived` are 0 or 1. `experiment` is an
    experiment's id. `parent` is a run's id and selects its children; `below` selects
    all its descendants.
    """

    # Texts, because `ViewSpec` parses and checks them as it does those of the page's
    # URL.
    q: str = ""
    sort: str = ""
    columns: str = ""
    children: str = ""
    mine: str = ""
    archived: str = ""
    after: str = ""
    experiment: int | None = None
    parent: str = ""
    below: str = ""


class RunQuery(RunSelection):
    """The run list: the `columns` are in `values`, and `rows` is 25, 50 or 100.

    `properties` is 1 to get the runs' properties.
    """

    rows: str = ""
    before: str = ""
    properties: Annotated[int, Meta(ge=0, le=1)] = 0


class ColumnQuery(RunSelection):
    """Columns of all runs: `rows` is how many a page has at most.

    A page with long texts has fewer rows.
    """

    rows: Annotated[int, Meta(ge=1, le=10_000)] = 2000


class RunColumn(Struct):
    """A field's values, one for each run; null where a run has none.

    `type` is the field's type of `GET /api/v1/fields`, or `map` for `tags`. Times and
    durations are milliseconds. A metric can have texts among its numbers.
    """

    name: str
    type: str
    values: list[Any]


class RunColumns(Struct):
    """`id` is the first column. `total` is exact up to 10,000. `after` is the cursor of
    the next page, empty at the end.
    """

    columns: list[RunColumn]
    rows: int
    total: int
    total_is_exact: bool
    after: str


class NewRun(RequestStruct):
    """A run in the experiment of that id, or of that name (created if needed).

    Without `id` and `name` both are generated. With an `id` the request can be
    repeated: the same request again returns the existing run (200). `launcher` is
    "runner" if a program starts the script and reports how it ended: then only that
    program's reports, and failures, end the run. `definition` says what a submitted
    run executes.
    """

    experiment: str | None = None
    experiment_id: int | None = None
    id: str | None = None
    name: str | None = None
    status: RunStatus = RunStatus.RUNNING
    started: int | None = None
    parent: str | None = None
    description: str = ""
    script: str = ""
    type: str = ""
    target: str = ""
    heartbeats: bool = False
    launcher: Literal["", "runner"] = ""
    definition: dict[str, Any] | None = None
    tags: Tags = {}
    params: Texts = {}
    properties: Texts = {}


class NewChild(RequestStruct):
    """Without `name` it is generated."""

    id: str
    name: str | None = None
    tags: Tags = {}


class NewChildren(RequestStruct):
    """Children of one run, with their ids, so the request can be repeated."""

    children: Annotated[
        list[NewChild],
        Meta(description=f"At most {MAX_CREATE_CHILDREN:,} children."),
    ]
    status: RunStatus = RunStatus.RUNNING
    target: str = ""
    heartbeats: bool = False


class ChildList(Struct):
    runs: list[RunInfo]


class RunPatch(RequestStruct):
    """`locked`: read-only. Owners, and who locked the run, can unlock it. `color`: from
    1 to 10, the same in every list and chart; null removes it.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    color: Annotated[int, Meta(ge=1, le=SERIES_COLORS)] | UnsetType | None = UNSET


class StatusChange(RequestStruct):
    """The `message` of a failure is the run's error. `ended` is a time of the writer's
    clock. `launcher`: this is the report of the run's launcher, not of its script.
    `attempt` is the number of the attempt that it launched.
    """

    status: RunStatus
    message: str = ""
    ended: int | None = None
    launcher: bool = False
    attempt: Annotated[int, Meta(ge=1)] | None = None


class Cancel(RequestStruct):
    """`children`: all descendants too. `force`: cancel now, without waiting for the
    run. `kill`: ask the SDK or the launcher to send SIGKILL to the run's process now.
    """

    children: bool = False
    force: bool = False
    kill: bool = False


class Starred(Struct):
    starred: bool


# The catalog


class FieldInfo(Struct):
    """A field of the filter language; `<key>` in a name means any key."""

    name: str
    label: str
    type: str
    operators: list[str]
    help: str
    example: str
    aliases: list[str]
    sortable: bool
    column: bool


class FieldList(Struct):
    fields: list[FieldInfo]


class ErrorInfo(Struct):
    """`code` is one of those in docs/user/rest.md; `field` is the value it is about."""

    code: str
    message: str
    field: str | UnsetType = UNSET


class ErrorReply(Struct):
    error: ErrorInfo
