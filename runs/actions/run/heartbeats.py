"""Heart-beats: a writer says that it is alive, and hears whether to end."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from runs.actions.actor import SERVER, Actor
from runs.actions.run.lifecycle import StatusSource, change_status
from runs.models import HEARTBEATS_RESUMED, Run
from runs.search.run import status_before_timeout
from studio.core.statuses import FOLLOWERS, RunStatus, may_follow


@transaction.atomic
def receive_heartbeat(run: Run, *, actor: Actor, now: int) -> RunStatus:
    """Note that the writer is alive; returns the status, CancelRequested among them.

    A run that was not responding goes on where it was. From its first heart-beat on, a
    run is one whose silence means something.
    """
    # No new revision: pages need not be drawn again for it.
    Run.objects.filter(pk=run.pk).update(heard=now, heartbeats=True)
    run.refresh_from_db(fields=["status", "heard", "heartbeats"])
    if run.state is RunStatus.NOT_RESPONDING:
        change_status(
            run,
            _status_before_timeout(run),
            actor=actor,
            now=now,
            message=HEARTBEATS_RESUMED,
            origin=StatusSource.SERVER,
        )
    return run.state


def _status_before_timeout(run: Run) -> RunStatus:
    """What the run was before it fell silent; a cancel request is not forgotten."""
    before = status_before_timeout(run)
    if may_follow(RunStatus.NOT_RESPONDING, before):
        return before
    return RunStatus.RUNNING


#: A run is not responding so long after its last heart-beat.
HEARTBEAT_TIMEOUT_SECONDS = 120

_CAN_TIME_OUT = sorted(
    status.code
    for status, followers in FOLLOWERS.items()
    if RunStatus.NOT_RESPONDING in followers
)


def mark_unresponsive_runs(now: int, *, listening_since: int) -> int:
    """Move runs that were silent for two minutes to NotResponding; returns how many.

    Before `listening_since` the server could not hear, so that time does not count.
    """
    limit = now - HEARTBEAT_TIMEOUT_SECONDS * 1000
    if listening_since > limit:
        return 0
    silent = Run.objects.filter(heartbeats=True, status__in=_CAN_TIME_OUT).filter(
        Q(heard__lt=limit) | Q(heard__isnull=True, created__lt=limit)
    )
    marked = 0
    for key in list(silent.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # A heart-beat may have come since: the row is asked again, and held.
            run = silent.select_for_update(of=("self",)).filter(pk=key).first()
            if run is not None:
                message = f"No heart-beat for {HEARTBEAT_TIMEOUT_SECONDS} seconds"
                change_status(
                    run,
                    RunStatus.NOT_RESPONDING,
                    actor=SERVER,
                    now=now,
                    message=message,
                    level="warning",
                    origin=StatusSource.SERVER,
                )
                marked += 1
    return marked
