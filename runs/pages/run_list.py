"""The run list: All runs, and the runs of one experiment. One implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import Experiment, ExperimentStar, View
from runs.pages import (
    conditional,
    facets,
    filter_note,
    list_twins,
    run_table,
    selecting,
)
from runs.pages.box_lines import beside_box, in_one_line, take_lines
from runs.pages.conditional import varied
from runs.pages.experiment_description import about
from runs.pages.experiments import find_experiment
from runs.pages.export import asked_format, export
from runs.pages.group_table import (
    group_context,
)
from runs.pages.group_texts import groups_twin
from runs.pages.list_charts import charts_of
from runs.pages.list_empty import empty
from runs.pages.list_found import Found, find
from runs.pages.list_news import kept_rows, news_words
from runs.pages.list_scope import scope_in
from runs.pages.members_only import PageRequest
from runs.pages.run_legal import role_refusal
from runs.pages.run_links import Links, strip
from runs.pages.run_nothing import Nothing
from runs.pages.short_address import pushed, says_too_much, to_query
from runs.pages.view_bar import bar
from runs.pages.view_state import ListState, missing_in, read_state, with_view
from studio.core.errors import (
    InvalidFilter,
    NotSupported,
    QueryTimeout,
    StudioError,
)
from studio.core.viewlenient import (
    read_leniently,
    readable_part,
)
from studio.core.viewspec import ROWS, ViewSpec

HTMX_SWAPS_THIS = 422


@dataclass(frozen=True)
class Around:
    """The page that the list stands in: a template that extends the list's own.

    `scoped` is a filter with what this list's filters say in any case; `nothing` is
    what a list says that has no runs at all.
    """

    template: str = "run_list.html"
    context: Mapping[str, Any] = field(default_factory=dict)
    scoped: Callable[[str], str] = str
    nothing: Nothing | None = None


ALONE = Around()
#: Parameters that a new filter leaves as they are.
KEPT = ("sort", "columns", "tree", "group", "charts", "selected", "facets", "view")
Wrong = (InvalidFilter, NotSupported, QueryTimeout)


@access(Permission.READ)
@require_safe
def all_runs(request: PageRequest) -> HttpResponseBase:
    return _shorter(request) or show(request, None)


@access(Permission.READ)
@require_safe
def experiment_runs(request: PageRequest, slug: str) -> HttpResponseBase:
    experiment = find_experiment(request, slug)
    return _shorter(request) or show(request, experiment)


def _shorter(request: PageRequest) -> HttpResponse | None:
    had_lines = take_lines(request) and not request.htmx
    is_page = not list_twins.kind_of(request) and not asked_format(request)
    if not is_page or not (had_lines or says_too_much(request)):
        return None
    spec, complaints = read_leniently(request.GET.dict())
    return None if complaints else to_query(request, spec.to_query())


def show(
    request: PageRequest,
    experiment: Experiment | None,
    view: View | None = None,
    around: Around = ALONE,
) -> HttpResponseBase:
    """The list at the request's address; `view` is the one that it names, if known."""
    form = asked_format(request)
    if form:
        state = with_view(request, read_state(request, experiment), view)
        return export(request, form, state.spec, state.complaints, experiment)
    return _one_page(request, experiment, view, around)


def _one_page(
    request: PageRequest,
    experiment: Experiment | None,
    view: View | None,
    around: Around,
) -> HttpResponse:
    kind = list_twins.kind_of(request)
    opens = not kind and not request.htmx and view is None
    state = read_state(request, experiment, with_default=opens)
    try:
        stamp = conditional.stamp_of(request, state.spec, state.spec.filter())
        if request.htmx and conditional.is_untouched(request, stamp):
            return conditional.not_modified(conditional.known_tag(request))
        state = with_view(request, state, view)
        spec, complaints = state.spec, state.complaints
        found = find(request, spec, complaints, experiment)
    except Wrong as error:
        if kind:
            raise
        if request.htmx:
            return _refused_fragment(request, state.spec, error)
        state = with_view(request, state)
        return _page_of_wrong(request, state, experiment, error, around)
    if kind:
        return _twin(request, kind, found)
    context = _context(request, found, experiment)
    context |= bar(request, replace(state, spec=found.spec), experiment, found.columns)
    context["complaints"] += missing_in(request, state, found.page)
    context["nothing"] = around.nothing
    if request.htmx:
        return _fragment(request, context, stamp)
    context |= _frame(request, spec, experiment) | {"etag": f'"{stamp}-"'}
    return varied(render(request, around.template, {**context, **around.context}))


def _twin(request: PageRequest, kind: str, found: Found) -> HttpResponse:
    spec, complaints = found.spec, found.complaints
    if found.grouped is not None:
        return groups_twin(request, kind, spec, found.grouped, complaints)
    return list_twins.runs_twin(
        request, kind, spec, found.page, found.columns, complaints
    )


def _context(
    request: PageRequest, found: Found, experiment: Experiment | None
) -> dict[str, Any]:
    spec, page, columns = found.spec, found.page, found.columns
    number, numbers = scope_in(request, experiment).number, found.chosen.numbers
    links = Links(request.workspace.name, spec, spec.filter(), number, numbers)
    shown = spec.parameters()
    context = {
        "spec": spec,
        "experiment": experiment,
        "title": experiment.name if experiment else _("All runs"),
        "in_box": in_one_line(spec.q),
        "kept": [(n, shown[n]) for n in KEPT if n in shown] + beside_box(spec.q),
        "sizes": ROWS,
        "complaints": [*found.complaints],
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
        **selecting.tray(request, found.chosen, page, links),
        **run_table.table(page, columns, links, found.counts),
        "kept_rows": kept_rows(
            request, spec, page, run_table.shown_columns(columns, page, spec), links
        ),
    }
    context |= charts_of(request, spec, experiment, links)
    if found.grouped is not None:
        context["grouped"] = group_context(request, found.grouped, links)
    if not page.rows:
        context |= empty(request, links, experiment)
    return context


def _frame(
    request: PageRequest, spec: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    """What stands around the table, whether the filter could be read or not."""
    starred = experiment is not None and (
        ExperimentStar.objects.filter(
            experiment=experiment, user=request.actor.user
        ).exists()
    )
    return {
        "typed": in_one_line(spec.q),
        "experiment_starred": starred,
        "experiment_star_url": f"{request.path}star/",
        "here": request.get_full_path(),
        "list_in": scope_in(request, experiment).number,
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
        **selecting.form(request, spec, experiment),
        "news": news_words(),
        **about(request, experiment),
        **facets.around(request, spec, experiment),
    }


def _refused_fragment(
    request: PageRequest, spec: ViewSpec, error: StudioError
) -> HttpResponse:
    """The filter cannot be answered: say where and why, and leave the rows alone."""
    problem = filter_note.problem(spec, error, rows_stay=True)
    answer = render(
        request, "_filter_note.html", {"problem": problem}, status=HTMX_SWAPS_THIS
    )
    answer["HX-Retarget"] = "#filter-note"
    answer["HX-Reswap"] = "outerHTML"
    answer["HX-Push-Url"] = "false"
    return varied(answer)


def _page_of_wrong(
    request: PageRequest,
    state: ListState,
    experiment: Experiment | None,
    error: StudioError,
    around: Around,
) -> HttpResponse:
    """A page has no rows of before to keep: it shows those of what can be read."""
    spec, complaints = state.spec, state.complaints
    problem = filter_note.problem(spec, error, rows_stay=False)
    context: dict[str, Any] = {"etag": ""}
    part = replace(spec, q=around.scoped(readable_part(spec.q)), after="", before="")
    try:
        if isinstance(error, QueryTimeout):
            raise error
        try:
            found = find(request, part, complaints, experiment)
        except (InvalidFilter, NotSupported):
            part = replace(part, q=around.scoped(""))
            found = find(request, part, complaints, experiment)
        context |= _context(request, found, experiment)
        context["complaints"] += missing_in(request, state, found.page)
        problem |= {"rows_of": found.spec.q, "rows_of_all": not found.spec.q}
    except QueryTimeout:
        context |= _without_rows(request, spec, experiment)
    context |= bar(request, state, experiment, spec.columns)
    context |= _frame(request, spec, experiment) | {"problem": problem}
    whole = {**context, **around.context}
    return varied(render(request, around.template, whole, status=error.status))


def _without_rows(
    request: PageRequest, spec: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    number = scope_in(request, experiment).number
    links = Links(request.workspace.name, spec, None, number)
    return {
        "spec": spec,
        "experiment": experiment,
        "title": experiment.name if experiment else _("All runs"),
        "strip": strip({}, links),
        "counts_are_exact": True,
    }


def _fragment(
    request: PageRequest, context: dict[str, Any], stamp: str
) -> HttpResponse:
    html = render_to_string("_run_table.html", context, request)
    if conditional.SHOWN not in request.GET:
        # The address changes too; a look for news leaves it, and the bar, as it is.
        html += render_to_string("_view_bar.html", {**context, "oob": True}, request)
    etag = conditional.etag_of(stamp, html)
    if conditional.looks_the_same(request, etag):
        return conditional.not_modified(etag)
    return pushed(request, varied(HttpResponse(html), etag), context["spec"].to_query())
