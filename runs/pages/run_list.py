"""The run list: All runs, and the runs of one experiment. One implementation."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import Experiment, ExperimentStar
from runs.pages import filter_note, run_table
from runs.pages.conditional import etag_of, is_known, varied
from runs.pages.experiments import find_experiment
from runs.pages.members_only import PageRequest
from runs.pages.run_links import Links, strip
from studio.core.errors import InvalidFilter, NotSupported, QueryTimeout, StudioError
from studio.core.viewspec import ROWS, ViewSpec

HTMX_SWAPS_THIS = 422


@access(Permission.READ)
@require_safe
def all_runs(request: PageRequest) -> HttpResponse:
    return _run_list(request, None)


@access(Permission.READ)
@require_safe
def experiment_runs(request: PageRequest, slug: str) -> HttpResponse:
    return _run_list(request, find_experiment(request, slug))


def _run_list(request: PageRequest, experiment: Experiment | None) -> HttpResponse:
    spec = ViewSpec.from_query(request.GET.dict())
    try:
        node = spec.filter()
        columns = run_table.columns_of(request, spec, experiment)
        page, counts = run_table.find_page(request, spec, columns, experiment)
    except (InvalidFilter, NotSupported, QueryTimeout) as error:
        return _refused(request, spec, experiment, error)
    links = Links(request.workspace.name, spec, node)
    etag = etag_of(page, counts, links)
    if request.htmx and is_known(request, etag):
        return varied(HttpResponse(status=304), etag)
    context = {
        **_frame(request, spec, experiment),
        **run_table.table(page, columns, links, counts),
        "etag": etag,
    }
    return _answer(request, context, etag)


def _frame(
    request: PageRequest, spec: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    """What stands around the table, whether the filter could be read or not."""
    starred = experiment is not None and (
        ExperimentStar.objects.filter(
            experiment=experiment, user=request.actor.user
        ).exists()
    )
    shown = spec.parameters()
    return {
        "spec": spec,
        "experiment": experiment,
        "experiment_starred": starred,
        "experiment_star_url": f"{request.path}star/",
        "title": experiment.name if experiment else _("All runs"),
        "here": request.get_full_path(),
        "kept": [(n, shown[n]) for n in ("sort", "columns", "archived") if n in shown],
        "sizes": ROWS,
        "narrowed": bool(spec.q or spec.mine or spec.archived),
        "with_children": "?" + spec.to_query(children=True),
        "snippet_name": json.dumps(
            experiment.name if experiment else "first-steps", ensure_ascii=False
        ),
    }


def _refused(
    request: PageRequest,
    spec: ViewSpec,
    experiment: Experiment | None,
    error: StudioError,
) -> HttpResponse:
    """The filter cannot be answered: say where and why, and leave the rows alone."""
    problem = filter_note.problem(spec, error, rows_stay=bool(request.htmx))
    if request.htmx:
        answer = render(
            request, "_filter_note.html", {"problem": problem}, status=HTMX_SWAPS_THIS
        )
        answer["HX-Retarget"] = "#filter-note"
        answer["HX-Reswap"] = "outerHTML"
        answer["HX-Push-Url"] = "false"
        return varied(answer)
    links = Links(request.workspace.name, spec, None)
    context = {
        **_frame(request, spec, experiment),
        "problem": problem,
        "strip": strip({}, links),
        "counts_are_exact": True,
    }
    return varied(render(request, "run_list.html", context, status=error.status))


def _answer(request: PageRequest, context: dict[str, Any], etag: str) -> HttpResponse:
    template = "_run_table.html" if request.htmx else "run_list.html"
    answer = varied(render(request, template, context), etag)
    if request.htmx and request.htmx.trigger == "filter-form":
        spec: ViewSpec = context["spec"]
        query = spec.to_query()
        answer["HX-Push-Url"] = request.path + (f"?{query}" if query else "")
    return answer
