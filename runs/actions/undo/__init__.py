"""Undo a change set."""

from __future__ import annotations

from runs.actions.undo.parts import (
    UndonePart,
    refuse_if_not_undoable,
    split_changes,
    undo_changes,
)
from runs.actions.undo.stored_values import TAG_PREFIX
from runs.actions.undo.undo import (
    MAX_LATER,
    REDO,
    UNDO,
    can_undo,
    conflict_details,
    undo_change_set,
)

__all__ = [
    "MAX_LATER",
    "REDO",
    "TAG_PREFIX",
    "UNDO",
    "UndonePart",
    "can_undo",
    "conflict_details",
    "refuse_if_not_undoable",
    "split_changes",
    "undo_change_set",
    "undo_changes",
]
