"""Deliveries of the SDK: rows by number, logs by offset, heart-beats, receipts."""

from __future__ import annotations

from django.conf import settings

from runs.access import Permission, StudioRequest
from runs.actions import ingest
from runs.actions import run as run_actions
from runs.actions.clock import now_ms
from runs.actions.ingest import append_log
from runs.actions.run import acknowledge_cancel
from runs.api.request_bodies import read_decompressed_body
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    Beat,
    LogAppended,
    LogQuery,
    ReceiptInfo,
    RefusedRow,
    RowBatch,
    RowsApplied,
    TallyInfo,
    WriterClosed,
)
from runs.models import Run
from studio.core.statuses import RunStatus

#: A writer that is told so should end.
_ENDING_STATUSES = frozenset({RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED})


@endpoint("POST", Permission.LOG, body=RowBatch, reply=RowsApplied)
def deliver_rows(
    request: StudioRequest, run_id: str, writer: str, body: RowBatch
) -> RowsApplied:
    """Append a writer's rows. Each is applied once, however often it is sent.

    Where rows before `first` are missing the answer is a Conflict whose `expected` is
    the number to go on from.
    """
    run = find_run(request, run_id)
    done = ingest.apply_rows(
        run, writer, body.first, body.rows, actor=request.actor, now=now_ms()
    )
    refused = [RefusedRow(one.row, one.message) for one in done.refused]
    return RowsApplied(done.next, done.applied, refused, _should_end(request, run))


@endpoint("PATCH", Permission.LOG, query=LogQuery, reply=LogAppended, takes_bytes=True)
def append_file(
    request: StudioRequest, run_id: str, path: str, query: LogQuery
) -> LogAppended:
    """Append the body's bytes to a file, such as a log; it is made if it is new.

    What has come before is skipped, so an append may be repeated. Where bytes before
    `offset` are missing the answer is a Conflict whose `expected` is the offset to go
    on from. The body may be compressed by gzip.
    """
    run = find_run(request, run_id)
    data = read_decompressed_body(request, limit=settings.MAX_BODY)
    file, received = append_log(
        run,
        path,
        query.offset,
        data,
        writer=query.writer,
        actor=request.actor,
        now=now_ms(),
        limit=settings.MAX_UPLOAD,
    )
    return LogAppended(received, file.size)


@endpoint("POST", Permission.LOG, reply=Beat)
def beat(request: StudioRequest, run_id: str) -> Beat:
    """Say that a run's writer is alive; the answer says whether it should end."""
    run = find_run(request, run_id)
    status = run_actions.receive_heartbeat(run, actor=request.actor, now=now_ms())
    return Beat(status, _should_end(request, run))


def _should_end(request: StudioRequest, run: Run) -> bool:
    """Whether the writer should end, which it is told by the answer."""
    if run.state is RunStatus.CANCEL_REQUESTED:
        acknowledge_cancel(run, actor=request.actor, now=now_ms())
    return run.state in _ENDING_STATUSES


@endpoint("PUT", Permission.LOG, body=WriterClosed, reply=ReceiptInfo)
def close_writer(
    request: StudioRequest, run_id: str, writer: str, body: WriterClosed
) -> ReceiptInfo:
    """Say how much a writer logged; the answer is its receipt. May be repeated."""
    receipt = ingest.close_writer(
        find_run(request, run_id),
        writer,
        points=body.points,
        files=body.files,
        stored_files=body.stored_files,
        log_bytes=body.log_bytes,
        actor=request.actor,
        now=now_ms(),
    )
    return _receipt_info(receipt)


@endpoint("GET", Permission.READ, reply=ReceiptInfo)
def get_receipt(request: StudioRequest, run_id: str) -> ReceiptInfo:
    """What the writers of a run logged, what of it is here, and what is missing."""
    return _receipt_info(ingest.read_receipt(find_run(request, run_id)))


def _receipt_info(receipt: ingest.Receipt) -> ReceiptInfo:
    return ReceiptInfo(
        _count_info(receipt.points),
        _count_info(receipt.files),
        _count_info(receipt.log_bytes),
        receipt.writers,
        receipt.open,
    )


def _count_info(tally: ingest.DeliveryCount) -> TallyInfo:
    return TallyInfo(tally.sent, tally.stored, tally.missing)
