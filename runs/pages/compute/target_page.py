"""A compute target's page: what it has now, and its past runs."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Job, now_ms
from runs.pages.compute.page_state import ComputeState
from runs.pages.compute.rows import TAKEN_RUNS, job_link, run_list_href, target_rows
from runs.pages.requests import PageRequest
from runs.search.compute import list_past_jobs, list_targets

#: The list of runs has all of them.
MAX_PAST_RUNS = 50
ENDED_RUNS = "status != active"


@dataclass(frozen=True)
class PastRow:
    job: Job
    link: SafeString
    #: Milliseconds in the queue before the last attempt, if it was started at all.
    waited: int | None
    length: int | None


@access(Permission.READ)
@require_safe
def show_target(request: PageRequest, name: str) -> HttpResponse:
    now, workspace = now_ms(), request.workspace
    targets = list_targets(workspace, now=now)
    summary = next((each for each in targets if each.target.name == name), None)
    if summary is None:
        raise Http404
    state = ComputeState()
    [row] = target_rows([summary], state, workspace.name, now)
    jobs, has_more = list_past_jobs(summary.target, limit=MAX_PAST_RUNS)
    context = {
        "target": summary.target,
        "row": row,
        "queue_query": state.with_queue_of(name).query(),
        "running_list": run_list_href(workspace.name, [name], TAKEN_RUNS),
        "past_list": run_list_href(workspace.name, [name], ENDED_RUNS),
        "past": [_past_row(job, workspace.name) for job in jobs],
        "has_more": has_more,
        "has_engine": any(job.engine_job for job in jobs),
    }
    return render(request, "compute/target.html", context)


def _past_row(job: Job, workspace: str) -> PastRow:
    run = job.run
    length = None
    if run.started is not None and run.ended is not None:
        length = max(0, run.ended - run.started)
    return PastRow(
        job,
        job_link(job, workspace),
        None if job.taken is None else max(0, job.taken - job.queued),
        length,
    )
