"""Pause expiry for 24 hours after a clock jump.

With a wrong clock everything looks old. So after a jump of more than a day, compared
with the newest time in the database, the worker deletes nothing for a day. A long
downtime looks the same and is treated the same. The state is in the database, so a
restart neither ends nor restarts the pause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Max

from runs.models import Run, StudioIdentity
from studio.core.batches import SIZE

log = logging.getLogger("studio.worker")

DAY_MS = 86_400_000


@dataclass(frozen=True)
class ClockState:
    """Times in milliseconds; `newest` is the newest known time, if any."""

    newest: int | None
    paused_until: int

    def is_jump(self, now: int) -> bool:
        return self.newest is not None and abs(now - self.newest) > DAY_MS

    def after_reading(self, now: int) -> ClockState:
        """Return the state after reading the clock."""
        if self.is_jump(now):
            return ClockState(now, now + DAY_MS)
        # The clock may have gone back by less than a jump: a pause lasts at most a day.
        return ClockState(now, min(self.paused_until, now + DAY_MS))

    def is_paused(self, now: int) -> bool:
        return now < self.paused_until


def expiry_allowed(now: int) -> bool:
    """Record the time in the database; return whether anything can expire now."""
    row = StudioIdentity.objects.first()
    # Without an identity the database is not set up, so nothing in it should expire.
    if row is None:
        return False
    before = _clock_state_of(row)
    after = before.after_reading(now)
    if before.is_jump(now):
        log.warning(
            "The clock differs by more than a day from the newest time in the database "
            "(a jump, or a long downtime): nothing expires for 24 hours."
        )
    StudioIdentity.objects.filter(pk=row.pk).update(
        last_seen=after.newest, paused_until=after.paused_until
    )
    return not after.is_paused(now)


def expiry_paused(now: int) -> bool:
    """Return whether expiry is paused, without recording the time."""
    row = StudioIdentity.objects.first()
    return row is not None and _clock_state_of(row).after_reading(now).is_paused(now)


def skip_while_paused(task: Callable[[int], object]) -> Callable[[int], object]:
    """Return the task wrapped: it does nothing while expiry is paused."""

    def run_unless_paused(now: int) -> object:
        return task(now) if expiry_allowed(now) else None

    return run_unless_paused


def _clock_state_of(row: StudioIdentity) -> ClockState:
    newest = row.last_seen
    return ClockState(
        _newest_heartbeat() if newest is None else newest, row.paused_until
    )


def _newest_heartbeat() -> int | None:
    """Return the newest heartbeat, for before the worker first recorded a time."""
    # Only the newest runs, which most likely send heartbeats: no index has `heard`
    # alone.
    newest = Run.objects.order_by("-pk").values("pk")[:SIZE]
    found = Run.objects.filter(pk__in=newest).aggregate(newest=Max("heard"))
    time: int | None = found["newest"]
    return time
