"""Undo a change set, or everything that a token changed since a time."""

from __future__ import annotations

from runs.actions.undo.parts import (
    UndonePart,
    refuse_if_not_undoable,
    split_changes,
    undo_changes,
)
from runs.actions.undo.stored_values import TAG_PREFIX
from runs.actions.undo.token_undo import (
    UndoSinceResult,
    UndoSkip,
    count_changes_since,
    finish_undo_since,
    split_changes_since,
    undo_part_since,
    undo_since,
)
from runs.actions.undo.undo import (
    MAX_LATER,
    REDO,
    UNDO,
    can_undo,
    conflict_details,
    is_of_stars,
    undo_change_set,
)
from runs.actions.undo.undo_links import mark_undone

__all__ = [
    "MAX_LATER",
    "REDO",
    "TAG_PREFIX",
    "UNDO",
    "UndoSinceResult",
    "UndoSkip",
    "UndonePart",
    "can_undo",
    "conflict_details",
    "count_changes_since",
    "finish_undo_since",
    "is_of_stars",
    "mark_undone",
    "refuse_if_not_undoable",
    "split_changes",
    "split_changes_since",
    "undo_change_set",
    "undo_changes",
    "undo_part_since",
    "undo_since",
]
