"""A run's snapshot of its sources."""

from __future__ import annotations

from runs.models import Run, RunSnapshot, Snapshot
from studio.core.errors import NotFound


def find_snapshot(run: Run) -> Snapshot | None:
    link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
    return link.snapshot if link else None


def get_snapshot(run: Run) -> Snapshot:
    """Raises NotFound where the run has none."""
    found = find_snapshot(run)
    if found is None:
        raise NotFound(f"Run {run.run_id} has no snapshot", run_id=run.run_id)
    return found
