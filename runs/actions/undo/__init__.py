"""Undo a change set."""

from __future__ import annotations

from runs.actions.undo.stored_values import TAG_PREFIX
from runs.actions.undo.undo import (
    REDO,
    UNDO,
    can_undo,
    conflict_details,
    undo_change_set,
)

__all__ = [
    "REDO",
    "TAG_PREFIX",
    "UNDO",
    "can_undo",
    "conflict_details",
    "undo_change_set",
]
