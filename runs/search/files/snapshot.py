"""A run's snapshot of its sources."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import Run, RunSnapshot, Snapshot
from studio.core.errors import NotFound


def find_snapshot(run: Run) -> Snapshot | None:
    link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
    return link.snapshot if link else None


def get_snapshot(run: Run) -> Snapshot:
    """Raises NotFound where the run has none."""
    found = find_snapshot(run)
    if found is None:
        raise NotFound(
            _("Run %(run_id)s has no snapshot.") % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    return found
