"""The steps between a cancel request and the run's end, each recorded as an event."""

from __future__ import annotations

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.run.lifecycle import record_event_without_change, request_cancel
from runs.models import (
    CANCEL_ACKNOWLEDGED,
    CANCEL_SIGNALS_SENT,
    FORCE_STOP_REQUESTED,
    Run,
)
from runs.search.run import CancelRequest, find_cancel_request
from studio.core.cancel_signals import CancelSignal
from studio.core.statuses import RunStatus


@transaction.atomic
def acknowledge_cancel(run: Run, *, actor: Actor, now: int) -> CancelRequest:
    """Record that the run's process received the cancel request; once per request.

    Returns the request as it was before.
    """
    found = _read_pending_request(run)
    # The SDK learns of the request with every heartbeat until it ends: one event is
    # enough.
    if found.asked is not None and found.acknowledged is None:
        _record_step(run, CANCEL_ACKNOWLEDGED, actor, now)
    return found


@transaction.atomic
def record_cancel_signal(
    run: Run, signal: CancelSignal, sent: int, *, actor: Actor, now: int
) -> CancelRequest:
    """Record that `signal` was sent to the run's process; once per cancel request.

    `sent` is a time of the sender's clock. It counts only between the request and now.
    Without a request nothing is recorded.
    """
    found = _read_pending_request(run)
    if found.asked is not None and signal not in found.signals:
        time = min(max(sent, found.asked.time), now)
        _record_step(run, CANCEL_SIGNALS_SENT[signal], actor, now, time)
    return found


@transaction.atomic
def request_force_stop(run: Run, *, actor: Actor, now: int) -> Run:
    """Request that the run's process gets SIGKILL at once; also a cancel if needed."""
    request_cancel(run, actor=actor, now=now)
    found = _read_pending_request(run)
    if found.asked is not None and found.force is None:
        _record_step(run, FORCE_STOP_REQUESTED, actor, now)
    return run


def _read_pending_request(run: Run) -> CancelRequest:
    """Return the request if the run has not ended."""
    found = find_cancel_request(run)
    return CancelRequest() if found.ended is not None else found


def _record_step(
    run: Run, message: str, actor: Actor, now: int, time: int | None = None
) -> None:
    # The status stays the same, also where heartbeats stopped since the request.
    status = RunStatus.CANCEL_REQUESTED
    record_event_without_change(
        run, status, message, actor, now, time=now if time is None else time
    )
