"""What the REST API takes and gives. Times are milliseconds since 1970, UTC.

A float that JSON has no number for is the text "NaN", "Infinity" or "-Infinity".
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from studio.core.names import MAX_CREATE_CHILDREN
from studio.core.statuses import RunStatus

Texts = dict[str, str]
#: A tag of null is a word without a value.
Tags = dict[str, str | None]
Number = float | str | None


class RequestStruct(Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query: what it has no field for is refused, so that typos show."""


# Workspaces and experiments


class WorkspaceInfo(Struct):
    name: str
    role: str


class WorkspaceList(Struct):
    """`user` is the caller's name."""

    workspaces: list[WorkspaceInfo]
    user: str


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
    """`name`: only the one of just that name. `deleted`: no, only or all."""

    name: str = ""
    deleted: str = "no"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


class NewExperiment(RequestStruct):
    name: str
    description: str = ""
    tags: Tags = {}


class ExperimentPatch(RequestStruct):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class TagEdit(RequestStruct):
    """Tags to set, and keys of tags to remove."""

    set: Tags = {}
    remove: list[str] = []


class TagReply(Struct):
    tags: Tags


# Runs


class RunInfo(Struct):
    """A run. `parent` is an id that may not have arrived yet; `root` is its tree's."""

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
    archived: int | None
    deleted: int | None
    locked: bool
    revision: int


class FoundRun(Struct):
    """A run of a list with the values of the asked columns by field name."""

    run: RunInfo
    starred: bool
    children: int
    tags: Tags
    values: dict[str, Any]


class RunList(Struct):
    """`total` is exact up to 10,000. `after` and `before` are cursors, else empty."""

    runs: list[FoundRun]
    total: int
    total_is_exact: bool
    after: str
    before: str


class RunQuery(RequestStruct):
    """The run list's own parameters, spelled as in its address.

    `q` is the filter, `sort` a field (`-metrics.acc` descends), `columns` the fields
    whose `values` are wanted, `rows` 25, 50 or 100. `children`, `mine` and `archived`
    are 0 or 1. `experiment` is an experiment's id; `parent` a run's, whose children are
    meant, and `below` one whose descendants are, at any depth.
    """

    q: str = ""
    sort: str = ""
    columns: str = ""
    children: str = ""
    mine: str = ""
    archived: str = ""
    rows: str = ""
    after: str = ""
    before: str = ""
    experiment: int | None = None
    parent: str = ""
    below: str = ""


class NewRun(RequestStruct):
    """A run in the experiment of that id, or of that name (made if it is new).

    Without `id` and `name` both are invented. With an `id` the request may be repeated:
    the very same again answers 200 with the run that is there.
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
    tags: Tags = {}
    params: Texts = {}
    properties: Texts = {}


class NewChild(RequestStruct):
    """Without `name` it is invented."""

    id: str
    name: str | None = None
    tags: Tags = {}


class NewChildren(RequestStruct):
    """Children of one run, with their own ids, so that the request may be repeated."""

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
    """`locked`: against deletion, which only owners set and take away."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class StatusChange(RequestStruct):
    """`message` of a failure is its error. `ended` is the writer's clock."""

    status: RunStatus
    message: str = ""
    ended: int | None = None


class Cancel(RequestStruct):
    """`children`: all runs below too. `force`: end now, without waiting for it."""

    children: bool = False
    force: bool = False


class Starred(Struct):
    starred: bool


# The catalogue


class FieldInfo(Struct):
    """A field of the filter language; `<key>` in a name stands for any key."""

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
    """`code` is one of the names in docs/rest.md; `field` says which value it is."""

    code: str
    message: str
    field: str | UnsetType = UNSET


class ErrorReply(Struct):
    error: ErrorInfo
