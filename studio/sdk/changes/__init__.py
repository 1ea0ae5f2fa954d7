"""Who changed what in a workspace, bulk changes and undo; moves of runs."""

from studio.sdk.changes.activity import Change
from studio.sdk.changes.background_tasks import (
    OPEN_STATES,
    follow_task,
    progress_text,
    wait_for_task,
)
from studio.sdk.changes.bulk_changes import BulkResult, HasId
from studio.sdk.changes.run_changes import move_run
from studio.sdk.changes.workspace_changes import WorkspaceChanges

__all__ = [
    "OPEN_STATES",
    "BulkResult",
    "Change",
    "HasId",
    "WorkspaceChanges",
    "follow_task",
    "move_run",
    "progress_text",
    "wait_for_task",
]
