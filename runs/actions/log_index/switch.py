"""Switch the index of a workspace's logs on or off."""

from __future__ import annotations

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.log_index.merging import delete_index
from runs.models import LogIndexSettings, Workspace

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
        edit = Edit(LOG_INDEX, was_on, is_on)
        record_changes(workspace, LOG_INDEX, [edit], actor=actor, now=now)
    if is_on and was_on:
        return
    # Also when it is turned on: it then starts from the first log.
    delete_index(workspace)
