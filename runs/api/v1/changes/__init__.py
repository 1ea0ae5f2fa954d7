"""REST: change many runs or experiments at once, and undo changes."""

from __future__ import annotations

from runs.api.v1.changes.bulk import change_runs
from runs.api.v1.changes.experiments import change_many_experiments
from runs.api.v1.changes.undo import undo_change, undo_latest

__all__ = ["change_many_experiments", "change_runs", "undo_change", "undo_latest"]
