"""The background tasks of a workspace."""

from __future__ import annotations

from runs.search.background_tasks.task_list import (
    TASKS_PER_PAGE,
    TaskPage,
    find_task,
    is_large_change_set,
    list_tasks,
)

__all__ = [
    "TASKS_PER_PAGE",
    "TaskPage",
    "find_task",
    "is_large_change_set",
    "list_tasks",
]
