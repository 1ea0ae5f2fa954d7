"""REST: change many runs at once, and undo changes."""

from __future__ import annotations

from runs.api.v1.changes.bulk import change_runs
from runs.api.v1.changes.undo import undo_change, undo_latest

__all__ = ["change_runs", "undo_change", "undo_latest"]
