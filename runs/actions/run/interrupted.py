"""Submissions whose client was killed before it had started or queued the run."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from runs.actions.actor import SERVER
from runs.actions.run.lifecycle import StatusReporter, change_status
from runs.models import Run, RunQuerySet, Workspace
from studio.core.statuses import RunStatus

#: The upload of a large snapshot ends within this time, also on a slow line.
MAX_SUBMISSION_SECONDS = 6 * 3600
MESSAGE = "The submission was interrupted. Submit the run again."
_WAITING = [
    status.code
    for status in (RunStatus.NOT_STARTED, RunStatus.STARTING, RunStatus.NOT_RESPONDING)
]


def fail_interrupted_submissions(now: int) -> int:
    """Fail submitted runs that nothing starts any more; return how many."""
    failed = 0
    limit = now - MAX_SUBMISSION_SECONDS * 1000
    for workspace in Workspace.objects.all():
        found = _interrupted(workspace, limit)
        for key in list(found.order_by("pk").values_list("pk", flat=True)):
            with transaction.atomic():
                # It can have been started since.
                run = found.select_for_update(of=("self",)).filter(pk=key).first()
                if run is not None:
                    change_status(
                        run,
                        RunStatus.FAILED,
                        actor=SERVER,
                        now=now,
                        message=MESSAGE,
                        level="error",
                        origin=StatusReporter.SERVER,
                    )
                    failed += 1
    return failed


def _interrupted(workspace: Workspace, limit: int) -> RunQuerySet:
    return Run.objects.filter(
        workspace=workspace,
        status__in=_WAITING,
        created__lt=limit,
        definition__isnull=False,
        # A queued run has a job. A runner sends heartbeats and reports Preparing.
        job__isnull=True,
        sweep__isnull=True,
        heard__lte=F("created"),
        started__isnull=True,
    )
