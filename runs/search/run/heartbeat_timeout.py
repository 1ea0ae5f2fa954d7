"""What a run was before its heartbeats ceased."""

from __future__ import annotations

from runs.models import Run, RunEvent
from studio.core.statuses import RunStatus


def status_before_timeout(run: Run) -> RunStatus:
    """The status that a run which is not responding had before; Running if unknown."""
    silent = RunStatus.NOT_RESPONDING.code
    fell = RunEvent.objects.filter(run=run, new=silent).exclude(old=silent)
    event = fell.order_by("-pk").first()
    if event is None or event.old is None:
        return RunStatus.RUNNING
    return RunStatus.from_code(event.old)
