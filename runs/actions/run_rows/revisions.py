"""Bump a run's revision at each change; this also makes its writers take turns."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext as _

from runs.models import Experiment, Run
from runs.storage.prepared import PreparedUpdate
from studio.core.errors import NotFound

_bump = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run),
        {"updated": now, "revision": F("revision") + 1},
    )
)
_bump_unlocked = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run, locked=False),
        {"updated": now, "revision": F("revision") + 1},
    )
)
_bump_unlocked_with_heartbeat = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run, locked=False),
        {"updated": now, "heard": now, "revision": F("revision") + 1},
    )
)


def run_not_found(run: Run) -> NotFound:
    return NotFound(
        _("The run %(run_id)r no longer exists.") % {"run_id": run.run_id},
        run_id=run.run_id,
    )


def bump_revision(run: Run, now: int) -> None:
    """Record that `run` changes; called first in a transaction that changes it.

    The UPDATE locks the run's row until the transaction ends. So two writers of one run
    take turns on PostgreSQL, as all writers do on SQLite. Raises NotFound for a run
    that was purged since it was read.
    """
    if not _bump(run.pk, now):
        raise run_not_found(run)
    run.updated = now
    run.revision += 1


def bump_revision_if_unlocked(run: Run, now: int) -> bool:
    """Bump the revision unless the run is locked; return whether it was bumped.

    One statement does both, so that the check costs edits nothing.
    """
    if not _bump_unlocked(run.pk, now):
        return False
    run.updated = now
    run.revision += 1
    return True


def record_heartbeat_if_unlocked(run: Run, now: int) -> bool:
    """As `bump_revision_if_unlocked`, for a write of the run's own script."""
    if not _bump_unlocked_with_heartbeat(run.pk, now):
        return False
    run.updated = run.heard = now
    run.revision += 1
    return True


def lock_experiment_row(key: int) -> Experiment:
    """Lock an experiment's row until the transaction ends, and return it.

    Called before any run is locked, to avoid deadlocks: deleting the experiment, and
    locking or purging one of its runs, take turns. Its runs can log in the meantime.
    Raises NotFound if it was purged.
    """
    rows = Experiment.objects.select_for_update(no_key=True)
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound(_("This experiment no longer exists."))
    return found
