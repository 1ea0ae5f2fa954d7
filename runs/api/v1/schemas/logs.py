"""Schemas of reading and searching a run's logs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.api.v1.schemas.runs import RequestStruct
from studio.core.names import MAX_INT64

Position = Annotated[int, Meta(ge=0, le=MAX_INT64)]
Flag = Annotated[int, Meta(ge=0, le=1)]


class LogFileQuery(RequestStruct):
    """`path`: by default the run's main log."""

    path: str = ""


class LogLinesQuery(LogFileQuery):
    """Where the lines start: `line` (from 1), `byte`, `at` (a time in ms), or the end.

    `before`: the last lines before this one. `since`: only what came after this size,
    with the line that was unfinished; with `end=1` the last lines of it.
    `level` (error, warn, info or debug) and `q` leave out other lines. With `regex=1`
    `q` is a regular expression in RE2's syntax, with `case=1` case counts.
    """

    line: Position | None = None
    byte: Position | None = None
    at: Position | None = None
    since: Position | None = None
    before: Position | None = None
    end: Flag = 0
    count: Annotated[int, Meta(ge=1, le=2000)] = 500
    level: str = ""
    q: str = ""
    regex: Flag = 0
    case: Flag = 0


class LineSearchQuery(LogFileQuery, kw_only=True):
    """Search for `q`, after the line `after` or the `next` of an earlier reply."""

    q: str
    regex: Flag = 0
    case: Flag = 0
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class LogLineInfo(Struct):
    """`folded` counts overwritten states of a progress bar; -1 if not counted."""

    line: int
    text: str
    level: str
    time: int | None
    folded: int
    in_traceback: bool


class LogLinesReply(Struct):
    """`total` and `size` are of the whole log. `moment` is the line of `at`.

    The lines from `from_line` on and before `next_line`, which starts at `next_byte`,
    were read. With a filter, only the matching ones are in `lines`.
    """

    path: str
    lines: list[LogLineInfo]
    total: int
    size: int
    version: str
    moment: int | None
    from_line: int
    next_line: int
    next_byte: int


class LogHitInfo(Struct):
    """A matching line; `marks` are the matches in `text`, as first and last + 1."""

    line: int
    text: str
    marks: list[tuple[int, int]]
    level: str
    time: int | None
    is_folded: bool


class LineSearchReply(Struct):
    """`next` is empty when the whole log has been searched.

    `version` changes with each byte of the log.
    """

    path: str
    hits: list[LogHitInfo]
    next: str
    searched_bytes: int
    size: int
    version: str


class TracebackInfo(Struct):
    """`chained` counts the exceptions before the last one."""

    line: int
    last_line: int
    name: str
    message: str
    chained: int


class LogOutlineReply(Struct):
    """`levels` has the first line of each level. `is_done` is false if a part of the
    log has not been read yet: ask again.
    """

    path: str
    tracebacks: list[TracebackInfo]
    traceback_count: int
    levels: dict[str, int]
    total: int
    is_done: bool
