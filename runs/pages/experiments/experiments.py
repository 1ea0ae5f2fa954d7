"""All experiments: a table to filter, sort and page through."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.pages.experiments.experiment_table import DEFAULT_SORT, State, table
from runs.pages.lists import (
    experiments_response,
    has_redundant_parameters,
    redirect_to_query,
    with_pushed_url,
)
from runs.pages.requests import PageRequest, requested_format
from runs.search.experiments import ExperimentPage, find_experiments
from studio.core.errors import InvalidValue

HTMX_SWAPS_THIS = 422


@access(Permission.READ)
@require_safe
@vary_on_headers("HX-Request", "Accept")
def experiments_page(request: PageRequest) -> HttpResponse:
    state = State.of(request.GET.dict())
    kind = requested_format(request)
    complaints: list[InvalidValue] = []
    if has_redundant_parameters(request) and not kind:
        place = state.page if state.page > 1 else ""
        return redirect_to_query(request, state.query(page=place))
    try:
        page = _find(request, state)
    except InvalidValue as error:
        field = error.details.get("field")
        if kind or field not in ("q", "sort"):
            raise
        if field == "q":
            return _refused(request, state, error)
        # Named in a notice; the rest of the address is followed.
        complaints, state = [error], replace(state, sort=DEFAULT_SORT)
        page = _find(request, state)
    context = table(page, state, request.workspace.name)
    context["complaints"] = complaints
    if kind:
        ways = {"prev": context["previous"], "next": context["next"]}
        return experiments_response(request, kind, page, ways)
    template = (
        "experiments/_experiment_table.html"
        if request.htmx
        else "experiments/experiments.html"
    )
    answer = render(request, template, context)
    return with_pushed_url(request, answer, request.path, state.query())


def _find(request: PageRequest, state: State) -> ExperimentPage:
    return find_experiments(
        request.actor.user,
        request.workspace,
        text=state.q,
        sort=state.sort,
        page=state.page,
        rows=state.rows,
        archived=state.archived,
    )


def _refused(request: PageRequest, state: State, error: InvalidValue) -> HttpResponse:
    """Show that the filter names fields that experiments don't have."""
    context = table(ExperimentPage((), 0, 1, 1), state, request.workspace.name)
    template = (
        "experiments/_experiment_table.html"
        if request.htmx
        else "experiments/experiments.html"
    )
    status = HTMX_SWAPS_THIS if request.htmx else error.status
    context["problem"] = error.message
    return render(request, template, context, status=status)
