"""Background tasks: long work that the worker does for a member."""

from __future__ import annotations

from runs.models.tasks.background_tasks import (
    SERVER_KINDS,
    BackgroundTask,
    BackgroundTaskQuerySet,
    BackgroundTaskStep,
    TaskKind,
    TaskState,
)

__all__ = [
    "SERVER_KINDS",
    "BackgroundTask",
    "BackgroundTaskQuerySet",
    "BackgroundTaskStep",
    "TaskKind",
    "TaskState",
]
