"""Test a compute target: submit a run of one second, and show its steps."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access
from runs.actions import compute as compute_actions
from runs.actions import submit as submit_actions
from runs.models import ComputeTarget, Run, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import run_path
from runs.search.compute import find_job, list_test_steps
from studio.core.compute_kinds import COMPUTE_KINDS


@access(Permission.SUBMIT)
@require_POST
def start_target_test(request: PageRequest, name: str) -> HttpResponse:
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    run = submit_actions.submit_target_test(target, actor=request.actor, now=now_ms())
    return redirect(
        "compute-target-test-run", request.workspace.name, target.name, run.run_id
    )


@access(Permission.READ)
@require_safe
def show_target_test(request: PageRequest, name: str, run_id: str) -> HttpResponse:
    """Show the steps; the page asks for them again until the run has ended."""
    rows = Run.objects.filter(experiment__workspace=request.workspace)
    run = rows.filter(run_id=run_id).first() if run_id.isprintable() else None
    job = find_job(run) if run is not None else None
    if run is None or job is None or job.target.name != name:
        raise Http404
    context = {
        "title": _("Test of %(name)s") % {"name": name},
        "target": job.target,
        "run": run,
        "run_href": run_path(request.workspace.name, run.run_id),
        "steps": list_test_steps(job, now=now_ms()),
        "is_over": run.state.is_final,
        "preview": preview_of(job.target),
    }
    template = "_target_test.html" if request.htmx else "target_test.html"
    return render(request, f"compute/{template}", context)


def preview_of(target: ComputeTarget) -> str:
    """What an agent gives to the engine for a run; empty without an engine."""
    kind = COMPUTE_KINDS.get(target.kind)
    if kind is None or kind.preview is None:
        return ""
    return kind.preview(target.settings)
