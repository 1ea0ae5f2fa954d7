"""Schemas of a writer's deliveries, receipts and snapshots."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.actions.ingest import MetricRow
from runs.api.v1.schemas.runs import RequestStruct
from studio.core.cancel_signals import CancelSignal
from studio.core.names import MAX_BATCH_POINTS
from studio.core.statuses import RunStatus

Count = Annotated[int, Meta(ge=0)]


class RowBatch(RequestStruct):
    """Rows `[key, value, step, time, kind]`; `first` is the number of the first row.

    The last three can be left out or null. `kind` is the kind of the metric: series,
    list, table, image, confusion_matrix, accuracy_table, residuals or predictions. For
    kinds other than series and list, a value can be any JSON. A null row is one that
    the writer gave up: its number is used up.
    """

    first: Count
    rows: Annotated[
        list[MetricRow | None], Meta(description=f"At most {MAX_BATCH_POINTS:,} rows.")
    ]


class RefusedRow(Struct):
    row: int
    message: str


class RowsApplied(Struct):
    """`next` is the number of the next row that the server expects.

    `applied` counts the new rows; `refused` has up to ten rows that break a rule.
    `cancel`: the run was canceled and should end.
    """

    next: int
    applied: int
    refused: list[RefusedRow]
    cancel: bool


class LogQuery(RequestStruct):
    """The offset of the bytes, and their writer.

    `offset` counts the bytes that this `writer` logged to the path; without a writer,
    the bytes of the file.
    """

    offset: Count
    writer: str = ""


class LogAppended(Struct):
    """`next` is the next offset to send from; `size` is the size of the file."""

    next: int
    size: int


class HeartbeatSent(RequestStruct):
    """`attempt`: the launcher of this attempt of a submitted run sends it."""

    attempt: Annotated[int, Meta(ge=1)] | None = None


class Beat(Struct):
    """`cancel`: the run was canceled and should end. `force`: a member wants its
    process to get SIGKILL at once. `lost`: the attempt is no longer the current one, so
    its launcher should kill its process and report nothing.
    """

    status: RunStatus
    cancel: bool
    force: bool
    lost: bool = False


class SignalSent(RequestStruct):
    """A signal that was sent to the process of a canceled run. `time` is a time of the
    sender's clock, in milliseconds.
    """

    signal: CancelSignal
    time: int


class WriterClosed(RequestStruct):
    """How much a writer logged in total, and how many files it delivered."""

    points: Count
    files: Count
    stored_files: Count
    log_bytes: Count


class TallyInfo(Struct):
    sent: int
    stored: int
    missing: int


class ReceiptInfo(Struct):
    """`open` counts writers that are not closed: their `sent` is not known yet."""

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
