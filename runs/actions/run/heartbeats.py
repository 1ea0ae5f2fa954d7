"""Heartbeats: receive them, and mark runs whose heartbeats stopped."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from runs.actions.actor import SERVER, Actor
from runs.actions.run.lifecycle import StatusReporter, change_status
from runs.models import HEARTBEATS_RESUMED, Run
from runs.search.run import status_before_timeout
from studio.core.statuses import FOLLOWERS, RunStatus, can_follow

#: Heartbeats come more often, so that a cancel is heard soon; most are only read.
HEARD_PRECISION_MS = 10_000


def receive_heartbeat(run: Run, *, actor: Actor, now: int) -> RunStatus:
    """Record that the writer is alive; return the run's status, such as
    CancelRequested.

    A run that was not responding gets its previous status back. From its first
    heartbeat on, a run can time out.
    """
    is_recent = run.heard is not None and 0 <= now - run.heard < HEARD_PRECISION_MS
    if run.heartbeats and is_recent and run.state is not RunStatus.NOT_RESPONDING:
        return run.state
    return _record_heartbeat(run, actor, now)


@transaction.atomic
def _record_heartbeat(run: Run, actor: Actor, now: int) -> RunStatus:
    # No new revision: pages need no update for a heartbeat.
    Run.objects.filter(pk=run.pk).update(heard=now, heartbeats=True)
    run.refresh_from_db(fields=["status", "heard", "heartbeats"])
    if run.state is RunStatus.NOT_RESPONDING:
        change_status(
            run,
            _status_before_timeout(run),
            actor=actor,
            now=now,
            message=HEARTBEATS_RESUMED,
            origin=StatusReporter.SERVER,
        )
    return run.state


def _status_before_timeout(run: Run) -> RunStatus:
    """Return the status before the timeout; a cancel request is kept."""
    before = status_before_timeout(run)
    if can_follow(RunStatus.NOT_RESPONDING, before):
        return before
    return RunStatus.RUNNING


#: A run is not responding this long after its last heartbeat.
HEARTBEAT_TIMEOUT_SECONDS = 120

_CAN_TIME_OUT = sorted(
    status.code
    for status, followers in FOLLOWERS.items()
    if RunStatus.NOT_RESPONDING in followers
)


def mark_unresponsive_runs(now: int, *, listening_since: int) -> int:
    """Set runs without a heartbeat for two minutes to NotResponding; return how many.

    Before `listening_since` the server could not receive heartbeats, so that time does
    not count.
    """
    limit = now - HEARTBEAT_TIMEOUT_SECONDS * 1000
    if listening_since > limit:
        return 0
    overdue = Run.objects.filter(heartbeats=True, status__in=_CAN_TIME_OUT).filter(
        Q(heard__lt=limit) | Q(heard__isnull=True, created__lt=limit)
    )
    marked = 0
    # One transaction per run: requests that log wait only briefly for SQLite's lock.
    for key in list(overdue.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # A heartbeat may have arrived since: read the row again, and lock it.
            run = overdue.select_for_update(of=("self",)).filter(pk=key).first()
            if run is not None:
                message = f"No heartbeat for {HEARTBEAT_TIMEOUT_SECONDS} seconds"
                change_status(
                    run,
                    RunStatus.NOT_RESPONDING,
                    actor=SERVER,
                    now=now,
                    message=message,
                    level="warning",
                    origin=StatusReporter.SERVER,
                )
                marked += 1
    return marked
