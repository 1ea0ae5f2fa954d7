"""The sweep: deletes stored bytes that this database no longer uses.

It deletes incoming blobs that no row refers to, and the blobs in `BlobRemoval`. It
never deletes unknown blobs in the final folder: the database may be a restored older
copy, and the newer files must survive.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runs.models import BlobRemoval, File, Snapshot, Upload, UploadPiece
from runs.storage.files import (
    delete_quarantined,
    deletions_allowed,
    files,
    incoming_blobs_before,
    list_quarantined,
    move_to_quarantine,
    quarantined_blobs_before,
)
from studio.core.batches import batches
from studio.core.errors import MissingBytes

log = logging.getLogger("studio.worker")

MINUTE_MS = 60_000
DAY_MS = 86_400_000
#: How long incoming blobs without a row are kept, and blobs in quarantine.
INCOMING_MS = DAY_MS
QUARANTINE_MS = 7 * DAY_MS
#: A request moves and deletes its own blobs just after its commit, so recent blobs are
#: left alone.
GRACE_MS = 10 * MINUTE_MS
#: Other deletions wait for the next sweep.
MAX_REMOVALS = 50_000


@dataclass(frozen=True)
class BlobSweepPlan:
    """The names of blobs that a sweep will keep, move to quarantine, and delete."""

    keep: Sequence[str] = ()
    #: Unfinished uploads, and the blobs of deleted files.
    unfinished: Sequence[str] = ()
    deleted: Sequence[str] = ()
    #: Blobs whose week in quarantine is over.
    expired: Sequence[str] = ()

    def lines(self) -> list[str]:
        return [
            *(f"keep {name}: a row refers to it" for name in self.keep),
            *(f"quarantine {name}: unfinished upload" for name in self.unfinished),
            *(f"quarantine {name}: deleted file" for name in self.deleted),
            *(f"delete {name}: a week in quarantine" for name in self.expired),
        ]


def plan_blob_sweep(now: int) -> BlobSweepPlan:
    """Return what a sweep would do now; change nothing."""
    settled = list(incoming_blobs_before(now - GRACE_MS))
    old = set(incoming_blobs_before(now - INCOMING_MS))
    due = BlobRemoval.objects.filter(created__lt=now - GRACE_MS).order_by("pk")
    removals = list(due.values_list("blob", flat=True)[:MAX_REMOVALS])
    expired = list(quarantined_blobs_before(now - QUARANTINE_MS))
    # A restored older database may refer to blobs that a newer one had deleted.
    wanted = sorted(referenced_blobs(list_quarantined()))
    known = referenced_blobs(settled) | referenced_blobs(removals) | set(wanted)
    to_delete = set(removals)
    return BlobSweepPlan(
        keep=[*(name for name in [*settled, *removals] if name in known), *wanted],
        unfinished=[name for name in settled if name in old - known - to_delete],
        deleted=[name for name in removals if name not in known],
        expired=[name for name in expired if name not in known],
    )


def _log_line(line: str) -> None:
    log.info("Sweep: %s", line)


def run_blob_sweep(now: int, report: Callable[[str], object] = _log_line) -> int:
    """Do what `plan_blob_sweep` returns, and report each step; return how many.

    During a backup it does nothing; the next sweep catches up.
    """
    with deletions_allowed() as is_allowed:
        if not is_allowed:
            report("A backup is running. The next sweep will catch up.")
            return 0
        plan = plan_blob_sweep(now)
        for line in plan.lines():
            report(line)
        _delete_planned_files(plan, now)
    return len(plan.lines())


def _delete_planned_files(plan: BlobSweepPlan, now: int) -> None:
    for name in plan.keep:
        # A purge may have deleted the blob just now.
        with contextlib.suppress(MissingBytes):
            files.keep(name)
    for name in [*plan.unfinished, *plan.deleted]:
        move_to_quarantine(name, now)
    # Last: after a crash before this, the next sweep finds the same records again.
    for some in batches([*plan.deleted, *plan.keep]):
        BlobRemoval.objects.filter(blob__in=some).delete()
    for name in plan.expired:
        delete_quarantined(name)


def referenced_blobs(blobs: Iterable[str]) -> set[str]:
    """Return the blobs that a row of a file, a snapshot or an upload refers to."""
    # The blob of a completed upload is that of its file.
    uploads = Upload.objects.filter(completed__isnull=True)
    tables = (File.objects.all(), Snapshot.objects.all(), uploads, UploadPiece.objects)
    found: set[str] = set()
    for some in batches(list(blobs)):
        for rows in tables:
            found.update(rows.filter(blob__in=some).values_list("blob", flat=True))
    return found
