"""REST: the background tasks of a workspace."""

from __future__ import annotations

from runs.api.v1.background_tasks.replies import task_info
from runs.api.v1.background_tasks.tasks import get_task, list_tasks, stop_task

__all__ = ["get_task", "list_tasks", "stop_task", "task_info"]
