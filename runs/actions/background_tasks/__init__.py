"""Long work in the background: started, done in steps by the worker, stopped."""

from __future__ import annotations

from runs.actions.background_tasks.starting import (
    LARGE_CHANGE,
    MAX_OPEN_TASKS,
    start_bulk_change,
    start_undo,
    start_undo_since,
    stop_task,
)
from runs.actions.background_tasks.stored_changes import (
    STORED_CHANGES,
    load_change,
    store_change,
)
from runs.actions.background_tasks.worker import BackgroundTasks

__all__ = [
    "LARGE_CHANGE",
    "MAX_OPEN_TASKS",
    "STORED_CHANGES",
    "BackgroundTasks",
    "load_change",
    "start_bulk_change",
    "start_undo",
    "start_undo_since",
    "stop_task",
    "store_change",
]
