"""Who changed what in a workspace, and undo; moves of runs."""

from studio.sdk.changes.activity import Change, list_activity
from studio.sdk.changes.run_changes import move_run
from studio.sdk.changes.undo import undo_change, undo_token_changes

__all__ = [
    "Change",
    "list_activity",
    "move_run",
    "undo_change",
    "undo_token_changes",
]
