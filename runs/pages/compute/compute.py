"""The page: what members see of compute targets, refreshed while it is open."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Job, Secret, now_ms
from runs.pages.compute.changes import recent_changes
from runs.pages.compute.environments import environment_context
from runs.pages.compute.page_state import MAX_ROWS, ComputeState
from runs.pages.compute.rows import (
    TAKEN_RUNS,
    count_health,
    queue_groups,
    run_list_href,
    running_groups,
    target_rows,
)
from runs.pages.requests import (
    PageRequest,
    content_etag,
    has_same_content,
    not_modified,
    with_vary_headers,
)
from runs.pages.run_shell import role_refusal
from runs.search.compute import list_queues, list_running_jobs, list_targets

#: Seconds between refreshes of an open page.
REFRESH_SECONDS = 5


def priority_choices() -> list[tuple[int, str]]:
    return [
        (10, pgettext("priority of a queued run", "High")),
        (0, pgettext("priority of a queued run", "Normal")),
        (-10, pgettext("priority of a queued run", "Low")),
    ]


@access(Permission.READ)
@require_safe
def compute_page(request: PageRequest) -> HttpResponse:
    context = live_context(request)
    html = render_to_string("compute/_compute.html", context, request)
    etag = content_etag("", html)
    if request.htmx:
        if has_same_content(request, etag):
            return not_modified(etag)
        return with_vary_headers(HttpResponse(html), etag)
    return show_compute(request, context=context, etag=etag)


def show_compute(
    request: PageRequest,
    *,
    context: dict[str, Any] | None = None,
    etag: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show the whole page; `more` is what a form that was just sent shows."""
    secrets = Secret.objects.filter(workspace=request.workspace)
    state = ComputeState.read(request.GET.dict())
    changes, has_more = recent_changes(request.workspace, state.changes)
    is_cut = not has_more or state.changes >= MAX_ROWS
    whole = {
        **(context or live_context(request)),
        "etag": etag,
        "pace": REFRESH_SECONDS,
        "secrets": secrets.select_related("changed_by").defer("ciphertext"),
        **environment_context(request.workspace),
        "changes": changes,
        "older_changes": "" if is_cut else state.with_more_changes().query(),
        **more,
    }
    response = render(request, "compute/compute.html", whole, status=status)
    return with_vary_headers(response)


def live_context(request: PageRequest) -> dict[str, Any]:
    """Return the context of `_compute.html`."""
    state, now = ComputeState.read(request.GET.dict()), now_ms()
    workspace = request.workspace
    targets = list_targets(workspace, now=now)
    queues = list_queues(targets, limit=state.queue_rows)
    shown = [q for q in queues if not state.target or q.target.name == state.target]
    running = list_running_jobs(workspace, targets, limit=state.running)
    jobs = [each.job for queue in shown for each in queue.jobs]
    changeable = {job.pk for job in jobs if can_change_job(request, job)}
    groups = running_groups(running, targets, workspace.name, now)
    names = [each.target.name for each in targets]
    return {
        "now": now,
        "state": state,
        "targets": target_rows(targets, state, workspace.name, now),
        "health_counts": count_health(targets),
        "queues": queue_groups(shown, state, workspace.name, changeable, now),
        "queue_total": sum(each.total for each in queues),
        "queue_targets": [
            (q.target.name, q.total, state.with_queue_of(q.target.name).query())
            for q in queues
        ],
        "all_queues": state.with_queue_of("").query(),
        "running": groups,
        "running_total": running.total,
        "running_more": running.total - running.shown,
        "running_more_href": state.with_more_running().query(),
        "running_list": run_list_href(workspace.name, names, TAKEN_RUNS),
        "has_devices": any(row.device for group in groups for row in group.rows),
        "can_manage": not role_refusal(request, Permission.COMPUTE),
        "priorities": priority_choices(),
        "page_path": request.path,
    }


def can_change_job(request: PageRequest, job: Job) -> bool:
    """Contributors change the order of their own runs, owners of all."""
    if not role_refusal(request, Permission.COMPUTE):
        return True
    if role_refusal(request, Permission.SUBMIT):
        return False
    return job.submitter_id == request.actor.user.pk
