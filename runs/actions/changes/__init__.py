"""Change sets, and conflicts between two edits."""

from __future__ import annotations

from runs.actions.changes.change_sets import Edit, add_changes, record_changes
from runs.actions.changes.edit_conflicts import (
    check_version,
    is_same_text,
    version_token,
)

__all__ = [
    "Edit",
    "add_changes",
    "check_version",
    "is_same_text",
    "record_changes",
    "version_token",
]
