"""The head of an experiment's run list: name, star, tags, description and actions."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Experiment, ExperimentStar
from runs.pages.experiments.description import description_context
from runs.pages.experiments.experiments import tag_links
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal
from runs.render.formats import experiment_path
from runs.search.experiments import list_experiment_tags
from runs.search.notify import is_followed


def experiment_head_context(
    request: PageRequest, experiment: Experiment
) -> dict[str, Any]:
    """Return the context of `_experiment_head.html`."""
    path = experiment_path(request.workspace.name, experiment.number, experiment.name)
    stars = ExperimentStar.objects.filter(
        experiment=experiment, user=request.actor.user
    )
    return {
        "experiment": experiment,
        "experiment_starred": stars.exists(),
        "experiment_star_url": f"{path}star/",
        "experiment_followed": is_followed(
            request.actor.user, request.workspace, experiment
        ),
        "trash_refusal": trash_refusal(request, experiment),
        **tags_context(experiment),
        **description_context(request, experiment),
    }


def tags_context(experiment: Experiment) -> dict[str, Any]:
    return {"tags": tag_links(list_experiment_tags(experiment))}


def trash_refusal(request: PageRequest, experiment: Experiment) -> str:
    """Why the experiment can't be deleted; empty if it can."""
    if experiment.number == 0:
        return _("The experiment Default can't be deleted.")
    return role_refusal(request, Permission.TRASH)


@access(Permission.READ)
@require_safe
def show_experiment_head(request: PageRequest, slug: str) -> HttpResponse:
    """Show the head again, for example after an undo."""
    context = experiment_head_context(request, find_experiment(request, slug))
    return render(request, "experiments/_experiment_head.html", context)
