"""Rows of background tasks that many actions write, and the server's own work."""

from __future__ import annotations

from runs.actions.task_rows.ends import end_task, save_progress
from runs.actions.task_rows.expired_tasks import delete_old_tasks
from runs.actions.task_rows.server_work import ServerWork, workspaces_with_open_work

__all__ = [
    "ServerWork",
    "delete_old_tasks",
    "end_task",
    "save_progress",
    "workspaces_with_open_work",
]
