"""Change the order of queued runs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions import compute as compute_actions
from runs.models import Job, now_ms
from runs.pages.compute.forms import PriorityForm
from runs.pages.compute.targets import redirect_to_compute
from runs.pages.requests import PageRequest
from studio.core.errors import NotFound


@access(Permission.SUBMIT)
@require_POST
def move_to_top(request: PageRequest, run_id: str) -> HttpResponse:
    job = _find_job(request, run_id)
    compute_actions.move_job_to_top(job, actor=request.actor, now=now_ms())
    messages.success(request, _("Moved to the top of its priority."))
    return redirect_to_compute(request)


@access(Permission.SUBMIT)
@require_POST
def set_priority(request: PageRequest, run_id: str) -> HttpResponse:
    job = _find_job(request, run_id)
    priority = PriorityForm(request.POST).check()["priority"]
    compute_actions.set_job_priority(job, priority, actor=request.actor, now=now_ms())
    messages.success(request, _("Priority changed."))
    return redirect_to_compute(request)


def _find_job(request: PageRequest, run_id: str) -> Job:
    rows = Job.objects.filter(workspace=request.workspace, run__run_id=run_id)
    job = rows.select_related("run", "target").first()
    if job is None:
        raise NotFound(_("This run is not in a queue."))
    compute_actions.check_can_control(job.run, request.actor.user, request.role)
    return job
