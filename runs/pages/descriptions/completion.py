"""Completion of `run:`, `metric:` and `file:` in a description."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.lists import find_experiment
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head
from runs.render.descriptions import (
    FILE_REFERENCE,
    METRIC_REFERENCE,
    RUN_REFERENCE,
    write_reference,
)
from runs.search.descriptions import (
    ReferenceSuggestion,
    suggest_files,
    suggest_metrics,
    suggest_runs,
)

MAX_QUERY_CHARS = 200


@access(Permission.ANNOTATE)
@require_safe
def complete_run_reference(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    kind, part = _read_typed_reference(request)
    user, workspace = request.actor.user, request.workspace
    if kind == RUN_REFERENCE:
        found = suggest_runs(part, user, workspace, run.experiment)
    elif kind == METRIC_REFERENCE:
        found = suggest_metrics(part, run)
    elif kind == FILE_REFERENCE:
        found = suggest_files(part, run)
    else:
        found = []
    return show_suggestions(request, found, kind)


@access(Permission.ANNOTATE)
@require_safe
def complete_experiment_reference(request: PageRequest, slug: str) -> HttpResponse:
    """Complete references to runs; an experiment has no metrics or files of its own."""
    experiment = find_experiment(request, slug)
    kind, part = _read_typed_reference(request)
    if kind != RUN_REFERENCE:
        return show_suggestions(request, (), kind)
    user, workspace = request.actor.user, request.workspace
    return show_suggestions(
        request, suggest_runs(part, user, workspace, experiment), kind
    )


def _read_typed_reference(request: PageRequest) -> tuple[str, str]:
    kind, _colon, part = request.GET.get("text", "").partition(":")
    # PostgreSQL refuses NUL characters in texts.
    return kind, part.lstrip('"').replace("\0", "")[:MAX_QUERY_CHARS]


def show_suggestions(
    request: PageRequest, suggestions: Sequence[ReferenceSuggestion], kind: str = ""
) -> HttpResponse:
    """Show the suggestions; without a kind, their names are inserted as they are."""
    options = [
        (write_reference(kind, each.named) if kind else each.named, each)
        for each in suggestions
    ]
    return render(request, "descriptions/_known_links.html", {"options": options})
