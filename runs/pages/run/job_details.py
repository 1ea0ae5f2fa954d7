"""What the Details tab shows of a submitted run: queue, attempts, how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from runs.models import Job, JobAttempt, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import run_path
from runs.search.compute import (
    QueuePlace,
    find_job,
    find_queue_place,
    list_attempts,
    wait_reason_text,
)
from runs.search.run import RunHead, find_run_name
from studio.core.launcher_properties import (
    COMMAND_PROPERTY,
    ENVIRONMENT_PROPERTY,
    RESUBMITTED_FROM_PROPERTY,
)


@dataclass(frozen=True)
class JobDetails:
    """A submitted run's job; `place` while it waits for an agent."""

    job: Job
    attempts: tuple[JobAttempt, ...]
    place: QueuePlace | None

    @property
    def reason(self) -> str:
        return wait_reason_text(self.place.reason) if self.place else ""


def find_job_details(head: RunHead) -> JobDetails | None:
    """Return None for a run that no queue has had."""
    job = find_job(head.run) if head.has_definition else None
    if job is None:
        return None
    is_queued = job.agent_id is None and job.ended is None
    is_startable = is_queued and head.run.deleted is None
    return JobDetails(
        job,
        tuple(list_attempts(job)),
        find_queue_place(job, now=now_ms()) if is_startable else None,
    )


def job_stamp(details: JobDetails | None) -> object:
    """Return what changes the page without changing the run: others in the queue."""
    if details is None:
        return None
    job, place = details.job, details.place
    state = (job.agent_id, job.attempt, job.is_waiting, job.stop_reason)
    return (place, job.priority, *state)


def job_context(
    request: PageRequest,
    head: RunHead,
    details: JobDetails | None,
    properties: Mapping[str, str | None],
) -> dict[str, Any]:
    run, workspace = head.run, request.workspace.name
    origin = properties.get(RESUBMITTED_FROM_PROPERTY) or ""
    return {
        "job": details,
        "target_href": f"{reverse('compute', args=[workspace])}?target={run.target}"
        if details
        else "",
        "command": properties.get(COMMAND_PROPERTY) or "",
        "environment": properties.get(ENVIRONMENT_PROPERTY) or "",
        "repeat_command": f"studio run resubmit {run.run_id}"
        if head.has_definition and (head.has_snapshot or not run.script)
        else "",
        "origin": origin and find_run_name(request.workspace, origin),
        "origin_id": origin,
        "origin_href": origin and run_path(workspace, origin),
    }
