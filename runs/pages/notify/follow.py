"""*Notify me* on a run, an experiment and a view."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.notify import follow
from runs.models import Experiment, Run, View, now_ms
from runs.notify import is_mail_configured
from runs.pages.lists import find_experiment
from runs.pages.requests import FlagField, PageForm, PageRequest, safe_return_path
from runs.render.formats import experiment_path, run_path
from runs.search.views import find_view


class FollowForm(PageForm):
    on = FlagField()


@access(Permission.FOLLOW)
@require_POST
def follow_this_run(request: PageRequest, run_id: str) -> HttpResponse:
    visible = Run.objects.visible_to(request.actor.user)
    run = get_object_or_404(visible.in_workspace(request.workspace), run_id=run_id)
    return _follow(request, run, run_path(request.workspace.name, run.run_id))


@access(Permission.FOLLOW)
@require_POST
def follow_this_experiment(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    name = request.workspace.name
    path = experiment_path(name, experiment.number, experiment.name)
    return _follow(request, experiment, path)


@access(Permission.FOLLOW)
@require_POST
def follow_this_view(request: PageRequest, slug: str) -> HttpResponse:
    view = find_view(slug, request.actor.user, request.workspace)
    return _follow(request, view, reverse("views", args=[request.workspace.name]))


def _follow(
    request: PageRequest, subject: Run | Experiment | View, path: str
) -> HttpResponse:
    on = FollowForm(request.POST).check()["on"]
    follow(request.workspace, subject, on, actor=request.actor, now=now_ms())
    messages.success(request, _follow_text(request, on))
    return redirect(safe_return_path(request) or path)


def _follow_text(request: PageRequest, on: bool) -> str:
    """Say where messages arrive, so that members wait for no mail in vain."""
    if not on:
        return _("Notifications are off.")
    if is_mail_configured() and request.actor.user.can_get_mail:
        return _("You will be notified in your inbox and by mail.")
    return _("You will be notified in your inbox.")
