"""Heart-beats: a writer says that it is alive, and hears whether to end."""

from __future__ import annotations

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.run.lifecycle import Origin, move
from runs.models import HEARTBEATS_RESUMED, Run
from runs.search.run.heartbeat_timeout import status_before_silence
from studio.core.statuses import RunStatus, may_follow


@transaction.atomic
def beat(run: Run, *, actor: Actor, now: int) -> RunStatus:
    """Note that the writer is alive; returns the status, CancelRequested among them.

    A run that was not responding goes on where it was. From its first heart-beat on, a
    run is one whose silence means something.
    """
    # No new revision: pages need not be drawn again for it.
    Run.objects.filter(pk=run.pk).update(heard=now, heartbeats=True)
    run.refresh_from_db(fields=["status", "heard", "heartbeats"])
    if run.state is RunStatus.NOT_RESPONDING:
        move(
            run,
            _status_before(run),
            actor=actor,
            now=now,
            message=HEARTBEATS_RESUMED,
            origin=Origin.SERVER,
        )
    return run.state


def _status_before(run: Run) -> RunStatus:
    """What the run was before it fell silent; a cancel request is not forgotten."""
    before = status_before_silence(run)
    if may_follow(RunStatus.NOT_RESPONDING, before):
        return before
    return RunStatus.RUNNING
