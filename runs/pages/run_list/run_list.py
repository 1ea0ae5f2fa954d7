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
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import ExperimentStar
from runs.pages.charts.list_charts import chart_row_context
from runs.pages.experiments.description import about
from runs.pages.filters import error_note as filter_note
from runs.pages.filters import facets
from runs.pages.groups.group_formats import groups_twin
from runs.pages.groups.group_table import (
    Grouped,
    as_list,
    find_groups,
    group_complaints,
    group_context,
)
from runs.pages.lists import list_formats as list_twins
from runs.pages.lists import run_table
from runs.pages.lists.list_formats import kind_of
from runs.pages.lists.list_state import (
    LINES,
    ListState,
    beside_box,
    find_experiment,
    in_one_line,
    pushed,
    says_too_much,
    to_query,
)
from runs.pages.lists.run_links import Links, strip
from runs.pages.lists.run_table import kept_rows, news_words
from runs.pages.lists.view_origin import bar, missing_in, read_list, with_view
from runs.pages.requests import responses
from runs.pages.requests.page_request import PageRequest
from runs.pages.requests.responses import varied
from runs.pages.run_list import selection_form as selecting
from runs.pages.run_list.empty_list import empty
from runs.pages.run_list.export import asked_format, export
from runs.pages.run_shell.allowed_actions import role_refusal
from runs.pages.run_shell.empty_states import EmptyState
from runs.search.query.selection import Chosen
from runs.search.query.status_counts import StatusCounts
from runs.search.run_list.export import told_columns
from runs.search.run_list.find_runs import RunPage
from runs.search.run_list.tree_runs import TreePage
from studio.core.errors import (
    InvalidFilter,
    InvalidValue,
    NotSupported,
    QueryTimeout,
    StudioError,
)
from studio.core.viewlenient import Complaint, readable_part, without
from studio.core.viewspec import ROWS, Column, ViewSpec


@dataclass(frozen=True)
class Found:
    """What is shown: the state as it was honoured, its page, and what was wrong."""

    state: ListState
    columns: tuple[Column, ...]
    page: RunPage
    counts: StatusCounts
    chosen: Chosen
    grouped: Grouped | None = None

    @property
    def spec(self) -> ViewSpec:
        return self.state.spec


def find(request: PageRequest, state: ListState) -> Found:
    """The page; a cursor or selection that is none of this list's is left out."""
    columns, spec = run_table.columns_of(state), state.spec
    try:
        selection = selecting.chosen_of(state)
        grouped = find_groups(state, columns)
        listed = state if grouped is None else state.showing(as_list(spec))
        if kind_of(request):
            columns = told_columns(spec, columns)
        page, counts = run_table.find_page(listed, columns)
    except InvalidFilter:
        raise
    except InvalidValue as error:
        wrong = Complaint.about(error)
        if wrong.name not in ("after", "before", "selected", "tree", "group"):
            raise
        spec = without(spec, wrong.name)
        if wrong.name == "selected":
            spec = without(spec, "only")
        return find(request, state.showing(spec, wrong))
    state = _without_unknown(state, page)
    wrongs = [*selecting.complaints(selection), *group_complaints(spec, grouped)]
    state = state.showing(state.spec, *wrongs)
    return Found(state, columns, page, counts, selection, grouped)


def _without_unknown(state: ListState, page: RunPage) -> ListState:
    """Rows to open that no run is: named, and left out of the page's links."""
    unknown = page.unknown if isinstance(page, TreePage) else ()
    if not unknown:
        return state
    spec = state.spec
    known = tuple(each for each in spec.tree if each.run_id not in unknown)
    said = ngettext(
        "tree: there is no run %(ids)s here to open",
        "tree: there are no runs %(ids)s here to open",
        len(unknown),
    ) % {"ids": ", ".join(unknown)}
    return state.showing(replace(spec, tree=known), Complaint("tree", said))


HTMX_SWAPS_THIS = 422


@dataclass(frozen=True)
class Around:
    """The page that the list stands in: a template that extends the list's own.

    `scoped` is a filter with what this list's filters say in any case; `nothing` is
    what a list says that has no runs at all.
    """

    template: str = "run_list/run_list.html"
    context: Mapping[str, Any] = field(default_factory=dict)
    scoped: Callable[[str], str] = str
    nothing: EmptyState | None = None


ALONE = Around()
#: Parameters that a new filter leaves as they are.
KEPT = ("sort", "columns", "tree", "group", "charts", "selected", "facets", "view")
Wrong = (InvalidFilter, NotSupported, QueryTimeout)


@access(Permission.READ)
@require_safe
def all_runs(request: PageRequest) -> HttpResponseBase:
    state = read_list(request, None)
    return _shorter(request, state) or show(request, state)


@access(Permission.READ)
@require_safe
def experiment_runs(request: PageRequest, slug: str) -> HttpResponseBase:
    state = read_list(request, find_experiment(request, slug))
    return _shorter(request, state) or show(request, state)


def _shorter(request: PageRequest, state: ListState) -> HttpResponse | None:
    had_lines = LINES in request.GET and not request.htmx
    is_page = not list_twins.kind_of(request) and not asked_format(request)
    if not is_page or not (had_lines or says_too_much(request)):
        return None
    return None if state.complaints else to_query(request, state.spec.to_query())


def show(
    request: PageRequest, state: ListState, around: Around = ALONE
) -> HttpResponseBase:
    """The list in that state."""
    form = asked_format(request)
    return export(with_view(state), form) if form else _one_page(request, state, around)


def _one_page(request: PageRequest, state: ListState, around: Around) -> HttpResponse:
    kind = list_twins.kind_of(request)
    try:
        stamp = responses.stamp_of(request, state.spec, state.path, state.given)
        if request.htmx and responses.is_untouched(request, stamp):
            return responses.not_modified(responses.known_tag(request))
        state = with_view(state)
        found = find(request, state)
    except Wrong as error:
        if kind:
            raise
        if request.htmx:
            return _refused_fragment(request, state.spec, error)
        return _page_of_wrong(request, with_view(state), error, around)
    if kind:
        return _twin(request, kind, found)
    context = _context(request, found)
    context |= bar(request, found.state, found.columns)
    context["complaints"] += missing_in(found.state, found.page)
    context["nothing"] = around.nothing
    if request.htmx:
        return _fragment(request, state, context, stamp)
    context |= _frame(request, state) | {"etag": f'"{stamp}-"'}
    return varied(render(request, around.template, {**context, **around.context}))


def _twin(request: PageRequest, kind: str, found: Found) -> HttpResponse:
    if found.grouped is not None:
        return groups_twin(request, kind, found.state, found.grouped)
    return list_twins.runs_twin(request, kind, found.state, found.page, found.columns)


def _context(request: PageRequest, found: Found) -> dict[str, Any]:
    state, page, columns = found.state, found.page, found.columns
    spec, shown = state.spec, state.spec.parameters()
    workspace, numbers = state.workspace.name, found.chosen.numbers
    links = Links(workspace, spec, spec.filter(), state.scope.number, numbers)
    context = {
        "spec": spec,
        "in_box": in_one_line(spec.q),
        "kept": [(n, shown[n]) for n in KEPT if n in shown] + beside_box(spec.q),
        "sizes": ROWS,
        "complaints": [*state.complaints],
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
        **_named(state),
        **selecting.tray(state, found.chosen, page, links),
        **run_table.table(page, columns, links, found.counts),
        "kept_rows": kept_rows(
            request, state, page, run_table.shown_columns(columns, page, spec), links
        ),
    }
    context |= chart_row_context(request, state, links)
    if found.grouped is not None:
        context["grouped"] = group_context(request, found.grouped, links)
    if not page.rows:
        context |= empty(state, links)
    return context


def _named(state: ListState) -> dict[str, Any]:
    experiment = state.experiment
    return {
        "experiment": experiment,
        "title": experiment.name if experiment else _("All runs"),
        "page_path": state.path,
    }


def _frame(request: PageRequest, state: ListState) -> dict[str, Any]:
    """What stands around the table, whether the filter could be read or not."""
    experiment = state.experiment
    starred = experiment is not None and (
        ExperimentStar.objects.filter(experiment=experiment, user=state.viewer).exists()
    )
    context = {
        "typed": in_one_line(state.spec.q),
        "experiment_starred": starred,
        "experiment_star_url": f"{state.path}star/",
        "here": request.get_full_path(),
        "list_in": state.scope.number,
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
        **selecting.form(state),
        "news": news_words(),
        **about(request, experiment),
        **facets.around(request, state),
    }
    return context | _in_place(state) if state.shown_at else context


def _in_place(state: ListState) -> dict[str, Any]:
    """Of a page that another address opened: its own address, and where that is."""
    section = "runs" if state.experiment is None else "experiments"
    address = state.shown_at
    return {"shown_at": address, "here": address, "section": section}


def _refused_fragment(
    request: PageRequest, spec: ViewSpec, error: StudioError
) -> HttpResponse:
    """The filter cannot be answered: say where and why, and leave the rows alone."""
    problem = filter_note.problem(spec, error, rows_stay=True)
    answer = render(
        request,
        "filters/_filter_note.html",
        {"problem": problem},
        status=HTMX_SWAPS_THIS,
    )
    answer["HX-Retarget"] = "#filter-note"
    answer["HX-Reswap"] = "outerHTML"
    answer["HX-Push-Url"] = "false"
    return varied(answer)


def _page_of_wrong(
    request: PageRequest, state: ListState, error: StudioError, around: Around
) -> HttpResponse:
    """A page has no rows of before to keep: it shows those of what can be read."""
    spec = state.spec
    problem = filter_note.problem(spec, error, rows_stay=False)
    context: dict[str, Any] = {"etag": ""}
    part = replace(spec, q=around.scoped(readable_part(spec.q)), after="", before="")
    try:
        if isinstance(error, QueryTimeout):
            raise error
        try:
            found = find(request, state.showing(part))
        except (InvalidFilter, NotSupported):
            part = replace(part, q=around.scoped(""))
            found = find(request, state.showing(part))
        context |= _context(request, found)
        context["complaints"] += missing_in(state, found.page)
        problem |= {"rows_of": found.spec.q, "rows_of_all": not found.spec.q}
    except QueryTimeout:
        context |= _without_rows(state)
    context |= bar(request, state, spec.columns)
    context |= _frame(request, state) | {"problem": problem}
    whole = {**context, **around.context}
    return varied(render(request, around.template, whole, status=error.status))


def _without_rows(state: ListState) -> dict[str, Any]:
    links = Links(state.workspace.name, state.spec, None, state.scope.number)
    return {
        "spec": state.spec,
        **_named(state),
        "strip": strip({}, links),
        "counts_are_exact": True,
    }


def _fragment(
    request: PageRequest, state: ListState, context: dict[str, Any], stamp: str
) -> HttpResponse:
    html = render_to_string("run_list/_run_table.html", context, request)
    if responses.SHOWN_PARAMETER not in state.given:
        # The address changes too; a look for news leaves it, and the bar, as it is.
        html += render_to_string(
            "views/_view_bar.html", {**context, "oob": True}, request
        )
    etag = responses.etag_of(stamp, html)
    if responses.looks_the_same(request, etag):
        return responses.not_modified(etag)
    answer, query = varied(HttpResponse(html), etag), context["spec"].to_query()
    return pushed(request, answer, state.path, query)
