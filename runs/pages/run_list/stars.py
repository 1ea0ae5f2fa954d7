"""Stars of a user on runs and experiments."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.experiments import star_experiment
from runs.actions.run import star_run
from runs.models import Run, now_ms
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest, StarForm, star_response


@access(Permission.STAR)
@require_POST
def star_this_run(request: PageRequest, run_id: str) -> HttpResponse:
    visible = Run.objects.visible_to(request.actor.user).filter(
        workspace=request.workspace
    )
    run = get_object_or_404(visible, run_id=run_id)
    on = StarForm(request.POST).check()["starred"]
    star_run(run, request.actor.user, on, actor=request.actor, now=now_ms())
    return star_response(request, on)


@access(Permission.STAR)
@require_POST
def star_this_experiment(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    on = StarForm(request.POST).check()["starred"]
    user = request.actor.user
    star_experiment(experiment, user, on, actor=request.actor, now=now_ms())
    return star_response(request, on)
