"""The cancel request that a run's process has not followed yet, and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runs.models import (
    CANCEL_ACKNOWLEDGED,
    CANCEL_SIGNALS_SENT,
    FORCE_STOP_REQUESTED,
    HEARTBEATS_RESUMED_MESSAGES,
    Run,
    RunEvent,
)
from runs.search.run.details import status_before_timeout
from studio.core.cancel_signals import CancelSignal
from studio.core.statuses import RunStatus

#: Of the events of a cancel the newest are read.
MAX_CANCEL_EVENTS = 50
_RESUMED = HEARTBEATS_RESUMED_MESSAGES
_SIGNALS = {message: signal for signal, message in CANCEL_SIGNALS_SENT.items()}


@dataclass(frozen=True)
class CancelRequest:
    """The first event of each step; None, or missing, if it has not happened.

    `asked` is the request, `force` a member's wish for SIGKILL at once, `ended` the end
    of a run that the request canceled.
    """

    asked: RunEvent | None = None
    acknowledged: RunEvent | None = None
    force: RunEvent | None = None
    signals: Mapping[CancelSignal, RunEvent] = field(default_factory=dict)
    ended: RunEvent | None = None


def find_cancel_request(run: Run) -> CancelRequest:
    """Return the steps of a request that waits, or that canceled the run; else none."""
    if not _is_cancel_requested(run):
        return CancelRequest()
    requested, canceled = RunStatus.CANCEL_REQUESTED.code, RunStatus.CANCELED.code
    events = RunEvent.objects.filter(run=run, new__in=(requested, canceled))
    newest = events.select_related("actor").order_by("-pk")[:MAX_CANCEL_EVENTS]
    acknowledged = force = ended = None
    signals: dict[CancelSignal, RunEvent] = {}
    # From the newest, so that the first of equal events stays.
    for event in newest:
        if event.new == canceled:
            # Reports after the end are recorded, too. Another way to the end, or an
            # earlier end of a run that was reopened, is of no request.
            if event.old not in (requested, canceled) or run.state.is_active:
                return CancelRequest()
            ended = event
        elif event.message == CANCEL_ACKNOWLEDGED:
            acknowledged = event
        elif event.message == FORCE_STOP_REQUESTED:
            force = event
        elif event.message in _SIGNALS:
            signals[_SIGNALS[event.message]] = event
        # Heartbeats that resume return a run to this status, which is no new request.
        elif event.old != requested and event.message not in _RESUMED:
            return CancelRequest(event, acknowledged, force, signals, ended)
    return CancelRequest()


def _is_cancel_requested(run: Run) -> bool:
    """A run that fell silent after it was asked is so still."""
    state = run.state
    if state is RunStatus.CANCELED:
        return True
    if state is RunStatus.NOT_RESPONDING:
        state = status_before_timeout(run)
    return state is RunStatus.CANCEL_REQUESTED
