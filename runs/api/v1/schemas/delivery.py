"""What the REST API takes and gives of a writer's deliveries."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.actions.ingest import MetricRow
from runs.api.v1.schemas.runs import RequestStruct
from studio.core.names import MAX_BATCH_POINTS
from studio.core.statuses import RunStatus

Count = Annotated[int, Meta(ge=0)]


class RowBatch(RequestStruct):
    """Rows `[key, value, step, time, kind]`, of which the first has the number `first`.

    Of the last three any may be left out or null. `kind` is that of the series: series,
    list, table, image, confusion_matrix, accuracy_table, residuals or predictions. A
    value may be any JSON where the kind is neither series nor list. A row of null is
    one that the writer gave up: it uses its number up.
    """

    first: Count
    rows: Annotated[
        list[MetricRow | None], Meta(description=f"At most {MAX_BATCH_POINTS:,} rows.")
    ]


class RefusedRow(Struct):
    row: int
    message: str


class RowsApplied(Struct):
    """`next` is the number of the first row that the server has not.

    `applied` counts the rows that were new; of those that break a rule up to ten are
    in `refused`. `cancel`: somebody asked the run to end.
    """

    next: int
    applied: int
    refused: list[RefusedRow]
    cancel: bool


class LogQuery(RequestStruct):
    """Where the bytes begin, and whose they are.

    `offset` counts the bytes that this `writer` logged to the path; without a writer,
    the bytes of the file.
    """

    offset: Count
    writer: str = ""


class LogAppended(Struct):
    """`next` is the offset to go on from; `size` is the whole file's."""

    next: int
    size: int


class Beat(Struct):
    """`cancel`: somebody asked the run to end, or it has ended here already."""

    status: RunStatus
    cancel: bool


class WriterClosed(RequestStruct):
    """How much a writer logged in its life; of files, also how many it delivered."""

    points: Count
    files: Count
    stored_files: Count
    log_bytes: Count


class TallyInfo(Struct):
    sent: int
    stored: int
    missing: int


class ReceiptInfo(Struct):
    """`open` counts the writers that have not closed: their `sent` is not known yet."""

    points: TallyInfo
    files: TallyInfo
    log_bytes: TallyInfo
    writers: int
    open: int


class SnapshotInfo(Struct):
    id: str
    size: int
    files: int
    created: int
