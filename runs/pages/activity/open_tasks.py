"""Background tasks that wait or run, above the changes that are complete."""

from __future__ import annotations

from collections.abc import Sequence

from runs.access import can_stop_task
from runs.models import now_ms
from runs.pages.activity.activity_state import ActivityState
from runs.pages.background_tasks import TaskRow, task_row
from runs.pages.requests import PageRequest
from runs.search.background_tasks import list_tasks

#: The page of background tasks lists all.
MAX_OPEN_TASKS = 5


def open_tasks(request: PageRequest, state: ActivityState) -> Sequence[TaskRow]:
    """The newest open tasks, on the first page of an activity without filters."""
    if state.is_filtered or state.after:
        return ()
    viewer, now = request.actor.user, now_ms()
    found = list_tasks(request.workspace, viewer, only_open=True, limit=MAX_OPEN_TASKS)
    return [
        task_row(
            task,
            now,
            can_stop=can_stop_task(task, viewer, request.role),
            can_undo=False,
        )
        for task in found.tasks
    ]
