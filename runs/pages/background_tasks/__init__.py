"""The page of background tasks: progress, stop, undo, results."""

from __future__ import annotations

from runs.pages.background_tasks.rows import TaskRow, task_row
from runs.pages.background_tasks.urls import urlpatterns

__all__ = ["TaskRow", "task_row", "urlpatterns"]
