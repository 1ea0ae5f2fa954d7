"""A background task as a reply."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.api.v1.schemas import LaterChange, TaskInfo
from runs.models import BackgroundTask


def task_info(task: BackgroundTask) -> TaskInfo:
    """Return the reply about a task, whose user and token are loaded."""
    kind: Any = task.kind
    state: Any = task.state
    later = msgspec.convert(task.result.get("later", []), list[LaterChange])
    return TaskInfo(
        id=task.pk,
        kind=kind,
        action=task.action,
        state=state,
        total=task.total,
        position=task.position,
        changed=task.changed,
        skipped=dict(task.skipped),
        change_set=task.change_set_id,
        user=task.user.username if task.user else None,
        token=task.token.name if task.token else None,
        error=task.error,
        created=task.created,
        started=task.started,
        ended=task.ended,
        later=later,
        export=task.result.get("export") or task.request.get("export"),
    )
