"""Switch the index of a workspace's logs on or off."""

from __future__ import annotations

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.log_index.merging import delete_index
from runs.actions.task_rows import end_task
from runs.models import (
    BackgroundTask,
    LogIndexSettings,
    TaskKind,
    TaskState,
    Workspace,
)

#: The field of the change.
LOG_INDEX = "log_index"


def switch_log_index(
    workspace: Workspace, *, is_on: bool, actor: Actor, now: int
) -> None:
    """Switched off, the index is deleted at once; on, the worker builds it again."""
    with transaction.atomic():
        rows = LogIndexSettings.objects.select_for_update()
        row, _created = rows.get_or_create(workspace=workspace)
        was_on = row.is_on
        LogIndexSettings.objects.filter(pk=row.pk).update(is_on=is_on)
        if not is_on:
            _end_task(workspace, now)
        edit = Edit(LOG_INDEX, was_on, is_on)
        record_changes(workspace, LOG_INDEX, [edit], actor=actor, now=now)
    if is_on and was_on:
        return
    # Also when it is turned on: it then starts from the first log.
    delete_index(workspace)


def _end_task(workspace: Workspace, now: int) -> None:
    rows = BackgroundTask.objects.open().filter(
        workspace=workspace, kind=TaskKind.LOG_INDEX
    )
    for key in list(rows.values_list("pk", flat=True)):
        end_task(key, TaskState.STOPPED, now=now)
