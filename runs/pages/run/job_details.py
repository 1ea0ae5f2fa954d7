"""What the Details tab shows of a submitted run: queue, attempts, how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from runs.models import Job, JobAttempt, Sampling, Sweep, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import run_path
from runs.search.compute import (
    QueuePlace,
    find_job,
    find_queue_place,
    find_sweep,
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
    return (place, job.priority, job.agent_id, job.attempt, job.is_waiting)


def job_context(
    request: PageRequest,
    head: RunHead,
    details: JobDetails | None,
    properties: Mapping[str, str | None],
) -> dict[str, Any]:
    run, workspace = head.run, request.workspace.name
    origin = properties.get(RESUBMITTED_FROM_PROPERTY) or ""
    sweep = find_sweep(run) if head.children or head.has_definition else None
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
        "sweep": sweep and _sweep_text(sweep),
    }


def _sweep_text(sweep: Sweep) -> str:
    """Return `Grid: --lr 3e-4, 6e-4; --seed 1 to 5`."""
    values = "; ".join(
        f"{name} {_values_text(each)}" for name, each in sweep.space.items()
    )
    kind = _("Grid") if sweep.sampling == Sampling.GRID else _("Random sample")
    text = f"{kind}: {values}"
    if sweep.at_once is None:
        return text
    return _("%(sweep)s; %(n)s at the same time") % {"sweep": text, "n": sweep.at_once}


def _values_text(values: Any) -> str:
    if isinstance(values, dict):
        return _("%(from)s to %(to)s") % values
    return ", ".join(map(str, values))
