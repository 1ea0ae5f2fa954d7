"""Deliveries of the SDK: rows by number, logs by offset, heart-beats, receipts."""

from __future__ import annotations

from django.conf import settings

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.ingest import rows, writers
from runs.actions.ingest.log_files import append_log
from runs.actions.run import heartbeats
from runs.actions.run.lifecycle import acknowledge_cancel
from runs.api.bodies import plain_body
from runs.api.http import endpoint
from runs.api.v1.delivered import (
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
from runs.api.v1.find import run_by_id
from runs.models import Run
from studio.core.statuses import RunStatus

#: A writer that is told so should end.
_ENDING = frozenset({RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED})


@endpoint("POST", Permission.LOG, body=RowBatch, reply=RowsApplied)
def deliver_rows(
    request: StudioRequest, run_id: str, writer: str, body: RowBatch
) -> RowsApplied:
    """Append a writer's rows. Each is applied once, however often it is sent.

    Where rows before `first` are missing the answer is a Conflict whose `expected` is
    the number to go on from.
    """
    run = run_by_id(request, run_id)
    done = rows.apply_rows(
        run, writer, body.first, body.rows, actor=request.actor, now=now_ms()
    )
    refused = [RefusedRow(one.row, one.message) for one in done.refused]
    return RowsApplied(done.next, done.applied, refused, _ends(request, run))


@endpoint("PATCH", Permission.LOG, query=LogQuery, reply=LogAppended, takes_bytes=True)
def append_file(
    request: StudioRequest, run_id: str, path: str, query: LogQuery
) -> LogAppended:
    """Append the body's bytes to a file, such as a log; it is made if it is new.

    What has come before is skipped, so an append may be repeated. Where bytes before
    `offset` are missing the answer is a Conflict whose `expected` is the offset to go
    on from. The body may be compressed by gzip.
    """
    run = run_by_id(request, run_id)
    data = plain_body(request, limit=settings.MAX_BODY)
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
    run = run_by_id(request, run_id)
    status = heartbeats.beat(run, actor=request.actor, now=now_ms())
    return Beat(status, _ends(request, run))


def _ends(request: StudioRequest, run: Run) -> bool:
    """Whether the writer should end, which it is told by the answer."""
    if run.state is RunStatus.CANCEL_REQUESTED:
        acknowledge_cancel(run, actor=request.actor, now=now_ms())
    return run.state in _ENDING


@endpoint("PUT", Permission.LOG, body=WriterClosed, reply=ReceiptInfo)
def close_writer(
    request: StudioRequest, run_id: str, writer: str, body: WriterClosed
) -> ReceiptInfo:
    """Say how much a writer logged; the answer is its receipt. May be repeated."""
    receipt = writers.close_writer(
        run_by_id(request, run_id),
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
    return _receipt_info(writers.receipt_of(run_by_id(request, run_id)))


def _receipt_info(receipt: writers.Receipt) -> ReceiptInfo:
    return ReceiptInfo(
        _tally_info(receipt.points),
        _tally_info(receipt.files),
        _tally_info(receipt.log_bytes),
        receipt.writers,
        receipt.open,
    )


def _tally_info(tally: writers.Tally) -> TallyInfo:
    return TallyInfo(tally.sent, tally.stored, tally.missing)
