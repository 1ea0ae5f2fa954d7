"""Schemas of a run's parameters, properties, events, metrics and files."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from runs.api.v1.schemas.runs import Number, RequestStruct, Texts
from studio.core.names import MAX_BATCH_POINTS
from studio.core.statuses import RunStatus


class ParamSet(RequestStruct):
    params: Texts


class ParamReply(Struct):
    params: Texts


class PropertySet(RequestStruct):
    properties: Texts


class PropertyReply(Struct):
    properties: Texts


class EventInfo(Struct):
    """A change from `old` (null for the first) to `new`; the same for an ignored
    report.
    """

    time: int
    old: RunStatus | None
    new: RunStatus
    level: str
    message: str
    actor: str | None


class EventList(Struct):
    events: list[EventInfo]


class NewPoint(RequestStruct):
    """`step` defaults to the next one of its key, `time` to now."""

    key: str
    value: float | int | str | bool | None
    step: int | None = None
    time: int | None = None


class Batch(RequestStruct):
    """Applied once: a repetition has the same run, writer and sequence."""

    writer: str
    sequence: int
    points: Annotated[
        list[NewPoint],
        Meta(description=f"At most {MAX_BATCH_POINTS:,} points."),
    ]


class Applied(Struct):
    """How many points were new: 0 for a repeated batch."""

    applied: int


class MetricInfo(Struct):
    """A summary of a metric. `last` is the value of the highest step (then time)."""

    key: str
    kind: str
    count: int
    last: Number
    last_step: int
    last_time: int
    min: Number
    max: Number
    first: Number


class MetricList(Struct):
    metrics: list[MetricInfo]


class SeriesQuery(RequestStruct):
    """Steps from `start` to `stop`, inclusive; at most `limit` points of them."""

    start: int | None = None
    stop: int | None = None
    # With fewer than 8 points, the sampler ignores extremes.
    limit: Annotated[int, Meta(ge=8, le=100_000)] = 1000


class Series(Struct):
    """Points in order of (step, time). A sample keeps every extreme."""

    key: str
    kind: str
    steps: list[int]
    times: list[int]
    values: list[float | int | str | bool | None]
    shown: int
    total: int


class LoggedQuery(RequestStruct):
    """`key`: only that metric. `recursive`: 1 to include all descendants. `system`: 0
    to leave out the metrics of the machine, which begin with `system/`.
    """

    key: str = ""
    recursive: Annotated[int, Meta(ge=0, le=1)] = 0
    system: Annotated[int, Meta(ge=0, le=1)] = 1
    limit: Annotated[int, Meta(ge=1, le=100_000)] = 20_000
    after: str = ""


class LoggedSeries(Struct):
    """A part of a metric's values in order of arrival; the next one may continue it."""

    run: str
    key: str
    kind: str
    values: list[Any]


class LoggedValues(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    series: list[LoggedSeries]
    after: str


class FileInfo(Struct):
    path: str
    size: int
    sha256: str
    created: int


class FileList(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    files: list[FileInfo]
    after: str


class FileQuery(RequestStruct):
    """`folder`: only files in it, at any depth."""

    folder: str = ""
    limit: Annotated[int, Meta(ge=1, le=5000)] = 1000
    after: str = ""


class UploadQuery(RequestStruct):
    """`overwrite`: 0 refuses to replace a file with other content."""

    overwrite: Annotated[int, Meta(ge=0, le=1)] = 1


class Removed(Struct):
    removed: int


class NewUpload(RequestStruct):
    """`size` in bytes. `key`: up to 64 characters, with which the client finds its
    upload again. `overwrite`: false refuses to replace a file with other content.
    """

    path: str
    size: Annotated[int, Meta(ge=0)]
    key: str = ""
    overwrite: bool = True


class PieceInfo(Struct):
    offset: int
    size: int
    sha256: str


class UploadInfo(Struct):
    """`piece_size`: how large the pieces should be, in bytes."""

    id: str
    path: str
    size: int
    piece_size: int
    is_complete: bool
    pieces: list[PieceInfo]


class PieceQuery(RequestStruct):
    """`sha256` of the body's bytes, which are refused if they have another one."""

    sha256: str = ""


class UploadEnd(RequestStruct):
    """`sha256` of the whole file, which is refused if it has another one."""

    sha256: str = ""
