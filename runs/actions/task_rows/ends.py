"""Write the progress and the end of an open task. One that has ended stays."""

from __future__ import annotations

from typing import Any

from runs.models import BackgroundTask, BackgroundTaskStep, TaskState


def end_task(
    key: int, state: TaskState, *, now: int, error: str = "", **values: Any
) -> bool:
    """Write how a task ended, and forget its runs; return whether it was open."""
    rows = BackgroundTask.objects.open().filter(pk=key)
    if not rows.update(state=state, ended=now, error=error, attempts=0, **values):
        return False
    BackgroundTaskStep.objects.filter(task=key).delete()
    return True


def save_progress(key: int, **values: Any) -> bool:
    """Write how far a task is; return whether it is open."""
    rows = BackgroundTask.objects.open().filter(pk=key)
    return bool(rows.update(state=TaskState.RUNNING, **values))
