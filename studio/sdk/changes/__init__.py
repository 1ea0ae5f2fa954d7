"""Who changed what in a workspace, and undo; moves of runs."""

from studio.sdk.changes.activity import Change, list_activity
from studio.sdk.changes.background_tasks import (
    OPEN_STATES,
    follow_task,
    progress_text,
    wait_for_task,
)
from studio.sdk.changes.run_changes import move_run
from studio.sdk.changes.undo import undo_change, undo_token_changes

__all__ = [
    "OPEN_STATES",
    "Change",
    "follow_task",
    "list_activity",
    "move_run",
    "progress_text",
    "undo_change",
    "undo_token_changes",
    "wait_for_task",
]
