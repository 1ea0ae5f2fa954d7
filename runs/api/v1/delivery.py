"""REST: deliveries of the SDK: rows by number, logs by offset, heartbeats, receipts."""

from __future__ import annotations

from django.conf import settings

from runs.access import Permission, StudioRequest
from runs.actions import compute as compute_actions
from runs.actions import ingest
from runs.actions import run as run_actions
from runs.actions.ingest import append_log
from runs.actions.run import acknowledge_cancel
from runs.api.request_bodies import read_decompressed_body
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    Beat,
    HeartbeatSent,
    LogAppended,
    LogQuery,
    ReceiptInfo,
    RefusedRow,
    RowBatch,
    RowsApplied,
    SignalSent,
    TallyInfo,
    WriterClosed,
)
from runs.models import Run, now_ms
from runs.search.run import CancelRequest
from studio.core import names
from studio.core.statuses import RunStatus

#: A writer that reads one of these should end its run.
_ENDING_STATUSES = frozenset({RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED})


@endpoint("POST", Permission.LOG, body=RowBatch, reply=RowsApplied, scoped_tokens=True)
def deliver_rows(
    request: StudioRequest, run_id: str, writer: str, body: RowBatch
) -> RowsApplied:
    """Append a writer's rows. Each row is applied once, even if it is sent repeatedly.

    If rows before `first` are missing, the error is a Conflict. Its `expected` is the
    number of the next row to send.
    """
    run = find_run(request, run_id)
    done = ingest.apply_rows(
        run, writer, body.first, body.rows, actor=request.actor, now=now_ms()
    )
    refused = [RefusedRow(one.row, one.message) for one in done.refused]
    _acknowledge_cancel_request(request, run)
    return RowsApplied(done.next, done.applied, refused, run.state in _ENDING_STATUSES)


@endpoint(
    "PATCH",
    Permission.LOG,
    query=LogQuery,
    reply=LogAppended,
    takes_bytes=True,
    scoped_tokens=True,
)
def append_file(
    request: StudioRequest, run_id: str, path: str, query: LogQuery
) -> LogAppended:
    """Append the body's bytes to a file, such as a log. A missing file is created.

    Bytes that arrived before are skipped, so an append can be repeated. If bytes before
    `offset` are missing, the error is a Conflict. Its `expected` is the next offset to
    send from. The body can be compressed with gzip.
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
    if run_actions.is_log_path(path):
        # The report that the run failed can come before the end of its log.
        run_actions.set_error_from_log(run, now=now_ms(), file=file)
    return LogAppended(received, file.size)


@endpoint("POST", Permission.LOG, body=HeartbeatSent, reply=Beat, scoped_tokens=True)
def beat(request: StudioRequest, run_id: str, body: HeartbeatSent) -> Beat:
    """Send a heartbeat of a run's writer. The reply says whether the run should end."""
    run = find_run(request, run_id)
    if compute_actions.is_attempt_lost(run, body.attempt):
        return Beat(run.state, cancel=False, force=False, lost=True)
    run_actions.receive_heartbeat(run, actor=request.actor, now=now_ms())
    compute_actions.renew_lease(run, body.attempt, now=now_ms())
    return _beat(run, _acknowledge_cancel_request(request, run))


@endpoint("POST", Permission.LOG, body=SignalSent, reply=Beat, scoped_tokens=True)
def report_cancel_signal(request: StudioRequest, run_id: str, body: SignalSent) -> Beat:
    """Report that a signal was sent to a canceled run's process.

    The first report of each signal counts. It changes nothing if no cancel was
    requested, or if the run has ended.
    """
    run, sent = find_run(request, run_id), names.check_time(body.time, "time")
    found = run_actions.record_cancel_signal(
        run, body.signal, sent, actor=request.actor, now=now_ms()
    )
    return _beat(run, found)


def _beat(run: Run, found: CancelRequest) -> Beat:
    return Beat(run.state, run.state in _ENDING_STATUSES, found.force is not None)


def _acknowledge_cancel_request(request: StudioRequest, run: Run) -> CancelRequest:
    """Return the cancel request if there is one; this counts as its acknowledgment."""
    # The SDK ends the run on this reply, so the page can show that the request arrived.
    if run.state is not RunStatus.CANCEL_REQUESTED:
        return CancelRequest()
    return acknowledge_cancel(run, actor=request.actor, now=now_ms())


@endpoint(
    "PUT", Permission.LOG, body=WriterClosed, reply=ReceiptInfo, scoped_tokens=True
)
def close_writer(
    request: StudioRequest, run_id: str, writer: str, body: WriterClosed
) -> ReceiptInfo:
    """Report how much a writer logged; the reply is its receipt. Can be repeated."""
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
    return _delivery_report_info(receipt)


@endpoint("GET", Permission.READ, reply=ReceiptInfo)
def get_receipt(request: StudioRequest, run_id: str) -> ReceiptInfo:
    """Read how much a run's writers logged, how much is stored, and how much is
    missing.
    """
    return _delivery_report_info(ingest.read_delivery_report(find_run(request, run_id)))


def _delivery_report_info(receipt: ingest.DeliveryReport) -> ReceiptInfo:
    return ReceiptInfo(
        _delivery_count_info(receipt.points),
        _delivery_count_info(receipt.files),
        _delivery_count_info(receipt.log_bytes),
        receipt.writers,
        receipt.open,
    )


def _delivery_count_info(count: ingest.DeliveryCount) -> TallyInfo:
    return TallyInfo(count.sent, count.stored, count.missing)
