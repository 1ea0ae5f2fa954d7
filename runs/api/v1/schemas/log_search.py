"""Schemas of log search, of its index, and of runs in groups."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from runs.api.v1.schemas.runs import RequestStruct


class LogSearchQuery(RequestStruct):
    """`q` is a filter with a term on `log`; `rows` is how many runs a page has."""

    q: str
    after: str = ""
    rows: Annotated[int, Meta(ge=1, le=100)] = 25


class LogHitLine(Struct):
    """`text` is the part of the line around its first match."""

    line: int
    text: str


class LogHitFile(Struct):
    path: str
    lines: list[LogHitLine]


class LogHitRun(Struct):
    """The first matching lines of a run; `is_whole` is false if the time ended."""

    run_id: str
    name: str
    files: list[LogHitFile]
    is_whole: bool


class LogSearchReply(Struct):
    """The logs of `unsearched_runs` are not searched yet, or not whole."""

    runs: list[LogHitRun]
    total: int
    total_is_exact: bool
    after: str
    unsearched_runs: int
    unsearched_bytes: int


class LogIndexPatch(RequestStruct):
    is_on: bool


class LogIndexInfo(Struct):
    """Bytes of the index, and of the texts of the `logs` that it covers."""

    is_on: bool
    size: int
    text_size: int
    logs: int
    unsearched_runs: int
    unsearched_bytes: int


class RunGroupQuery(RequestStruct):
    """`group` and `columns` are as in the URL of the run list."""

    group: str
    q: str = ""
    columns: str = ""
    children: Annotated[int, Meta(ge=0, le=1)] = 0
    mine: Annotated[int, Meta(ge=0, le=1)] = 0
    archived: Annotated[int, Meta(ge=0, le=1)] = 0
    rows: Annotated[int, Meta(ge=1, le=2000)] = 100


class CauseInfo(Struct):
    """Times in ms. `error` is the end of the error of the newest run."""

    first_seen: int
    last_seen: int
    newest_run: str | None
    error: str
    submitters: list[str]


class RunGroupInfo(Struct):
    """`values` are by field; `cause` is set where groups are causes of failures."""

    values: dict[str, str | None]
    runs: int
    means: dict[str, Any]
    cause: CauseInfo | None


class RunGroupList(Struct):
    """The largest groups first; `total` counts all, and `runs` their runs."""

    groups: list[RunGroupInfo]
    total: int
    runs: int
