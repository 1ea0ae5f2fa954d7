"""Runs whose writer promised heart-beats and went silent."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from runs.actions.actor import SERVER
from runs.actions.run.lifecycle import Origin, move
from runs.models import Run
from studio.core.statuses import FOLLOWERS, RunStatus

#: A run is not responding so long after its last heart-beat.
SILENCE_SECONDS = 120

_MAY_FALL_SILENT = sorted(
    status.code
    for status, followers in FOLLOWERS.items()
    if RunStatus.NOT_RESPONDING in followers
)


def mark_silent_runs(now: int, *, listening_since: int) -> int:
    """Move runs that were silent for two minutes to NotResponding; returns how many.

    Before `listening_since` the server could not hear, so that time does not count.
    """
    limit = now - SILENCE_SECONDS * 1000
    if listening_since > limit:
        return 0
    silent = Run.objects.filter(heartbeats=True, status__in=_MAY_FALL_SILENT).filter(
        Q(heard__lt=limit) | Q(heard__isnull=True, created__lt=limit)
    )
    marked = 0
    for key in list(silent.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # A heart-beat may have come since: the row is asked again, and held.
            run = silent.select_for_update(of=("self",)).filter(pk=key).first()
            if run is not None:
                message = f"No heart-beat for {SILENCE_SECONDS} seconds"
                move(
                    run,
                    RunStatus.NOT_RESPONDING,
                    actor=SERVER,
                    now=now,
                    message=message,
                    level="warning",
                    origin=Origin.SERVER,
                )
                marked += 1
    return marked
