"""The sweep: takes stored bytes that this database itself gave up, and nothing else.

It takes what never left the folder of incoming blobs and is named by no row, and what
`BlobRemoval` lists. It never looks for unknown files among the kept ones: the database
may be a restored older copy, and newer files belong to it no less.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runs.models import BlobRemoval, File, Snapshot
from runs.storage.files import (
    arrived_before,
    delete_quarantined,
    deletions_allowed,
    files,
    list_quarantined,
    move_to_quarantine,
    quarantined_before,
)
from studio.core.batches import batches
from studio.core.errors import MissingBytes

log = logging.getLogger("studio.worker")

MINUTE_MS = 60_000
DAY_MS = 86_400_000
#: How long incoming bytes without a row stay, and what is in quarantine.
INCOMING_MS = DAY_MS
QUARANTINE_MS = 7 * DAY_MS
#: A request that has just committed moves its blob itself, and removes what it deletes.
GRACE_MS = 10 * MINUTE_MS
#: More removals than this wait for the next sweep.
MAX_REMOVALS = 50_000


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep does: names of blobs by what happens to them."""

    keep: Sequence[str] = ()
    quarantine: Sequence[str] = ()
    removed: Sequence[str] = ()
    delete_quarantined: Sequence[str] = ()

    def lines(self) -> list[str]:
        return [
            *(f"keep {name}: a row names it" for name in self.keep),
            *(f"quarantine {name}: unfinished upload" for name in self.quarantine),
            *(f"quarantine {name}: deleted file" for name in self.removed),
            *(f"free {name}: a week in quarantine" for name in self.delete_quarantined),
        ]


def plan_sweep(now: int) -> SweepPlan:
    """What a sweep would do now; changes nothing."""
    settled = list(arrived_before(now - GRACE_MS))
    old = set(arrived_before(now - INCOMING_MS))
    due = BlobRemoval.objects.filter(created__lt=now - GRACE_MS).order_by("pk")
    removed = list(due.values_list("blob", flat=True)[:MAX_REMOVALS])
    freed = list(quarantined_before(now - QUARANTINE_MS))
    # An older copy of the database may name again what a newer one had deleted.
    wanted = sorted(referenced_blobs(list_quarantined()))
    known = referenced_blobs(settled) | referenced_blobs(removed) | set(wanted)
    doomed = set(removed)
    return SweepPlan(
        keep=[*(name for name in [*settled, *removed] if name in known), *wanted],
        quarantine=[name for name in settled if name in old - known - doomed],
        removed=[name for name in removed if name not in known],
        delete_quarantined=[name for name in freed if name not in known],
    )


def _log_line(line: str) -> None:
    log.info("Sweep: %s", line)


def run_sweep(now: int, say: Callable[[str], object] = _log_line) -> int:
    """Do what `plan_sweep` says, file by file, and say each; returns how many.

    While a backup runs nothing happens: the next sweep does it.
    """
    with deletions_allowed() as is_allowed:
        if not is_allowed:
            say("A backup runs; the sweep waits for the next time.")
            return 0
        plan = plan_sweep(now)
        for line in plan.lines():
            say(line)
        _execute(plan, now)
    return len(plan.lines())


def _execute(plan: SweepPlan, now: int) -> None:
    for name in plan.keep:
        # A purge may have removed it in this moment.
        with contextlib.suppress(MissingBytes):
            files.keep(name)
    for name in [*plan.quarantine, *plan.removed]:
        move_to_quarantine(name, now)
    for some in batches([*plan.removed, *plan.keep]):
        BlobRemoval.objects.filter(blob__in=some).delete()
    for name in plan.delete_quarantined:
        delete_quarantined(name)


def referenced_blobs(blobs: Iterable[str]) -> set[str]:
    """Those that a row of a file or snapshot names."""
    found: set[str] = set()
    for some in batches(list(blobs)):
        for rows in (File.objects, Snapshot.objects):
            found.update(rows.filter(blob__in=some).values_list("blob", flat=True))
    return found
