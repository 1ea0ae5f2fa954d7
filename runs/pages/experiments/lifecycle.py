"""Archive, delete and restore an experiment."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions import experiments as experiment_actions
from runs.models import now_ms
from runs.pages.lists import find_experiment
from runs.pages.requests import FlagField, PageForm, PageRequest, safe_return_path
from runs.pages.undo import last_undo_href
from studio.core.errors import InvalidState


class OnOffForm(PageForm):
    on = FlagField(default=True)


@access(Permission.ANNOTATE)
@require_POST
def archive_experiment(request: PageRequest, slug: str) -> HttpResponse:
    """Archive the experiment; with `on=0`, unarchive it."""
    experiment = find_experiment(request, slug)
    on = OnOffForm(request.POST).check()["on"]
    was = experiment.archived is not None
    experiment_actions.archive_experiment(
        experiment, on, actor=request.actor, now=now_ms()
    )
    message = _("Archived") if on else _("Unarchived")
    return _back(request, message if was != on else "")


@access(Permission.TRASH)
@require_POST
def trash_experiment(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug, in_trash=True)
    was_deleted = experiment.deleted is not None
    try:
        experiment_actions.delete_experiment(
            experiment, actor=request.actor, now=now_ms()
        )
    except InvalidState as error:
        messages.error(request, error.message)
        return _back(request, "")
    message = _("Moved to the trash with its runs. You can restore it.")
    return _back(request, "" if was_deleted else message)


@access(Permission.TRASH)
@require_POST
def restore_experiment(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug, in_trash=True)
    was_deleted = experiment.deleted is not None
    experiment_actions.restore_experiment(experiment, actor=request.actor, now=now_ms())
    return _back(request, _("Restored") if was_deleted else "")


def _back(request: PageRequest, message: str) -> HttpResponse:
    """Redirect to the form's page; a toast offers to undo the change."""
    if message:
        messages.success(request, message, extra_tags=last_undo_href(request))
    place = safe_return_path(request)
    return redirect(place) if place else redirect("experiments", request.workspace.name)
