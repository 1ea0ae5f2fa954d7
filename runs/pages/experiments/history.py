"""The history of an experiment: who changed what, with undo."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.experiments.editors import editor_context
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest
from runs.pages.undo import change_set_row
from runs.search.experiments import list_experiment_history

INITIAL_ROWS, MAX_ROWS = 50, 1600


@access(Permission.READ)
@require_safe
def show_experiment_history(request: PageRequest, slug: str) -> HttpResponse:
    experiment = find_experiment(request, slug)
    text = request.GET.get("rows", "")
    limit = (
        min(int(text), MAX_ROWS) if text.isdecimal() and len(text) < 6 else INITIAL_ROWS
    )
    found, more = list_experiment_history(experiment, max(limit, 1))
    context = {
        **editor_context(request, experiment, _("History")),
        # Undo of a change set has an address of the workspace.
        "path": f"/w/{request.workspace.name}/",
        "entries": [
            change_set_row(request, each.change_set, each.changes) for each in found
        ],
        "more": min(limit * 2, MAX_ROWS) if more and limit < MAX_ROWS else 0,
        "cut": more and limit >= MAX_ROWS,
    }
    return render(request, "experiments/experiment_history.html", context)
