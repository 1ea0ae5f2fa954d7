"""The run list: All runs, and the runs of one experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Experiment
from runs.pages.charts import chart_cards_context
from runs.pages.experiments import experiment_head_context
from runs.pages.filters import facets_context, filter_problem_context
from runs.pages.groups import (
    GroupPage,
    find_groups,
    group_context,
    group_sort_notices,
    groups_response,
    with_all_rows_closed,
)
from runs.pages.lists import (
    LINES_PARAMETER,
    ListLinks,
    ListState,
    deleted_item_notices,
    find_experiment,
    find_run_page,
    has_redundant_parameters,
    hidden_line_breaks_input,
    in_one_line,
    list_columns,
    new_runs_messages,
    read_page_state,
    redirect_to_query,
    rows_still_shown,
    run_table_context,
    runs_response,
    selection_form_context,
    shown_columns,
    status_strip,
    unsearched_notices,
    view_bar_context,
    with_named_view,
    with_pushed_url,
)
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    SHOWN_ROWS_PARAMETER,
    PageRequest,
    browser_etag,
    change_stamp,
    content_etag,
    has_same_content,
    is_unchanged,
    not_modified,
    requested_export,
    requested_format,
    with_vary_headers,
)
from runs.pages.run_list.empty_list import empty_list_context
from runs.pages.run_list.export import export_response
from runs.pages.run_list.selection_form import (
    find_selection,
    selection_notices,
    selection_tray_context,
)
from runs.pages.run_shell import EmptyState
from runs.render.formats import experiment_path
from runs.search.query import StatusCounts, VisibleSelection
from runs.search.run_list import RunPage, TreePage, exported_columns
from studio.core.errors import (
    InvalidFilter,
    InvalidValue,
    NotSupported,
    QueryTimeout,
    StudioError,
)
from studio.core.view_spec import (
    ROWS,
    Column,
    ParameterWarning,
    ViewSpec,
    longest_readable_beginning,
    without_parameter,
)

#: Parameters that a new filter keeps.
KEPT_PARAMETERS = (
    "sort",
    "columns",
    "tree",
    "group",
    "charts",
    "selected",
    "facets",
    "view",
)
#: Parameters that are ignored, with a notice, if they are invalid.
OPTIONAL_PARAMETERS = ("after", "before", "selected", "tree", "group")
# Errors that leave a page to show: the box with the filter, and a message below it.
UnanswerableFilter = (InvalidFilter, NotSupported, QueryTimeout)


@dataclass(frozen=True)
class PageShell:
    """The page around a list: a template that extends the list's own.

    `nothing` is the empty
    state of a list without any runs.
    """

    template: str = "run_list/run_list.html"
    context: Mapping[str, Any] = field(default_factory=dict)
    nothing: EmptyState | None = None


DEFAULT_SHELL = PageShell()


@dataclass(frozen=True)
class ListResult:
    """What a list shows; its state has warnings instead of invalid parameters."""

    state: ListState
    columns: tuple[Column, ...]
    page: RunPage
    counts: StatusCounts
    selection: VisibleSelection
    groups: GroupPage | None = None

    @property
    def spec(self) -> ViewSpec:
        return self.state.spec

    @property
    def color_numbers_of_selected(self) -> Mapping[int, int]:
        return self.selection.number_by_key if self.spec.selected else {}


@access(Permission.READ)
@require_safe
def all_runs(request: PageRequest) -> HttpResponseBase:
    state = read_page_state(request, None)
    return _redirect_to_short_address(request, state) or show_list(request, state)


@access(Permission.READ)
@require_safe
def experiment_runs(request: PageRequest, slug: str) -> HttpResponseBase:
    experiment = find_experiment(request, slug)
    if not slug.startswith("~") and slug != experiment.name:
        return _redirect_from_former_name(request, experiment)
    state = read_page_state(request, experiment)
    return _redirect_to_short_address(request, state) or show_list(request, state)


def _redirect_from_former_name(
    request: PageRequest, experiment: Experiment
) -> HttpResponse:
    path = experiment_path(request.workspace.name, experiment.number, experiment.name)
    query = request.META.get("QUERY_STRING", "")
    # Not permanent: another experiment can take the name.
    return redirect(f"{path}?{query}" if query else path)


def _redirect_to_short_address(
    request: PageRequest, state: ListState
) -> HttpResponse | None:
    has_lines = LINES_PARAMETER in request.GET and not request.htmx
    # Scripts don't show addresses, so a redirect would only cost them a request.
    is_page = not requested_format(request) and not requested_export(request)
    if not is_page or not (has_lines or has_redundant_parameters(request)):
        return None
    return (
        # The new address leaves out ignored parts, and with them the notice about them.
        None if state.complaints else redirect_to_query(request, state.spec.to_query())
    )


def show_list(
    request: PageRequest, state: ListState, shell: PageShell = DEFAULT_SHELL
) -> HttpResponseBase:
    """Show the list in this state: an export, a page, or a fragment."""
    file_format = requested_export(request)
    if file_format:
        return export_response(with_named_view(state), file_format)
    return _list_response(request, state, shell)


def _list_response(
    request: PageRequest, state: ListState, shell: PageShell
) -> HttpResponse:
    content_type = requested_format(request)
    try:
        # Most polls end here, before the view and the rows cost a query.
        stamp = change_stamp(request, state.spec, state.path, state.parameters)
        if request.htmx and is_unchanged(request, stamp):
            return not_modified(browser_etag(request))
        state = with_named_view(state)
        result = find_list(request, state)
    except UnanswerableFilter as error:
        if content_type:
            raise
        if request.htmx:
            return _filter_error_fragment(request, state.spec, error)
        return _filter_error_page(request, with_named_view(state), error, shell)
    if content_type:
        return _script_response(request, content_type, result)
    context = _list_context(request, result)
    context |= view_bar_context(request, result.state, result.columns)
    context["complaints"] += deleted_item_notices(result.state, result.page)
    context["nothing"] = shell.nothing
    if request.htmx:
        return _fragment_response(request, state, context, stamp)
    context |= _context_outside_table(request, state) | {"etag": f'"{stamp}-"'}
    return with_vary_headers(
        render(request, shell.template, {**context, **shell.context})
    )


def find_list(request: PageRequest, state: ListState) -> ListResult:
    """Find the page; cursors and selections of other lists are ignored."""
    columns, spec = list_columns(state), state.spec
    try:
        selection = find_selection(state) if spec.selected else VisibleSelection()
        groups = find_groups(state, columns) if spec.group else None
        listed = (
            state if groups is None else state.with_spec(with_all_rows_closed(spec))
        )
        if requested_format(request):
            columns = exported_columns(spec, columns)
        # Raises InvalidValue for a cursor of another list.
        page, counts = find_run_page(listed, columns)
    # An invalid filter is also an InvalidValue, but can't be dropped: it would match
    # all runs.
    except InvalidFilter:
        raise
    except InvalidValue as error:
        notice = ParameterWarning.from_error(error)
        if notice.name not in OPTIONAL_PARAMETERS:
            raise
        spec = without_parameter(spec, notice.name)
        if notice.name == "selected":
            # Without a selection, *only selected* would show no run at all.
            spec = without_parameter(spec, "only")
        # Each retry drops one parameter, so this ends.
        return find_list(request, state.with_spec(spec, notice))
    # Only the tree's own query tells which open rows exist.
    if isinstance(page, TreePage) and page.unknown:
        state = _without_unknown_open_rows(state, page.unknown)
    notices = selection_notices(selection) if spec.selected else []
    # The word is in every filter that searches logs.
    if "log" in spec.q.casefold():
        notices += unsearched_notices(state)
    if groups is not None:
        notices += group_sort_notices(spec, groups)
    return ListResult(
        state.with_spec(state.spec, *notices), columns, page, counts, selection, groups
    )


def _without_unknown_open_rows(state: ListState, unknown: tuple[str, ...]) -> ListState:
    """Return the state without open rows of unknown runs, with a warning."""
    known = tuple(each for each in state.spec.tree if each.run_id not in unknown)
    text = ngettext(
        "tree: there is no run %(ids)s to open",
        "tree: there are no runs %(ids)s to open",
        len(unknown),
    ) % {"ids": ", ".join(unknown)}
    return state.with_spec(
        replace(state.spec, tree=known), ParameterWarning("tree", text)
    )


def _script_response(
    request: PageRequest, content_type: str, result: ListResult
) -> HttpResponse:
    state, columns = result.state, result.columns
    if result.groups is not None:
        return groups_response(request, content_type, state, result.groups)
    return runs_response(request, content_type, state, result.page, columns)


def _list_context(request: PageRequest, result: ListResult) -> dict[str, Any]:
    state, page, columns = result.state, result.page, result.columns
    spec, parameters = state.spec, state.spec.parameters()
    workspace, numbers = state.workspace.name, result.color_numbers_of_selected
    links = ListLinks(workspace, spec, spec.filter(), state.scope.number, numbers)
    kept = [(name, parameters[name]) for name in KEPT_PARAMETERS if name in parameters]
    shown = shown_columns(columns, page, spec)
    typed = state.scope.unscoped(spec.q)
    context: dict[str, Any] = {
        "spec": spec,
        "in_box": in_one_line(typed),
        "kept": kept + hidden_line_breaks_input(typed),
        "sizes": ROWS,
        "complaints": [*state.complaints],
        "can_edit": request.role >= Permission.ANNOTATE.role,
        **_title_context(state),
        **run_table_context(page, columns, links, result.counts),
        "page_chosen": "false",
        "kept_rows": rows_still_shown(request, state, page, shown, links),
        "add_chart": links.part_address("charts"),
    }
    if numbers:
        context |= selection_tray_context(
            state, result.selection, page, links, can_edit=context["can_edit"]
        )
    if spec.charts:
        context |= chart_cards_context(request, state, links)
    if result.groups is not None:
        context["grouped"] = group_context(request, result.groups, links)
    if not page.rows:
        context |= empty_list_context(state, links)
    return context


def _title_context(state: ListState) -> dict[str, Any]:
    experiment = state.experiment
    return {
        "experiment": experiment,
        "title": experiment.name if experiment else _("All runs"),
        "page_path": state.path,
    }


def _context_outside_table(request: PageRequest, state: ListState) -> dict[str, Any]:
    """Return the context around the table, which needs no readable filter."""
    experiment, spec = state.experiment, state.spec
    context = {
        "typed": in_one_line(state.scope.unscoped(spec.q)),
        "here": request.get_full_path(),
        "list_in": state.scope.number,
        "can_edit": request.role >= Permission.ANNOTATE.role,
        "news": new_runs_messages(),
        "facets": facets_context(request, state, state.path) if spec.facets else None,
        "facets_href": "?" + spec.to_query(facets=not spec.facets),
        "facets_url": f"/w/{state.workspace.name}/list/facets/",
        "facets_of": state.scope.number,
        **selection_form_context(state),
    }
    if experiment is not None:
        context |= experiment_head_context(request, experiment)
    return context | _own_address_context(state) if state.shown_at else context


def _own_address_context(state: ListState) -> dict[str, Any]:
    """Return the list's own address and section, if another address opened it."""
    section = "runs" if state.experiment is None else "experiments"
    return {"shown_at": state.shown_at, "here": state.shown_at, "section": section}


def _filter_error_fragment(
    request: PageRequest, spec: ViewSpec, error: StudioError
) -> HttpResponse:
    """Show where and why the filter is invalid; the rows stay as they are."""
    problem = filter_problem_context(spec, error, rows_stay=True)
    response = render(
        request,
        "filters/_filter_note.html",
        {"problem": problem},
        status=FORM_ERROR_STATUS,
    )
    response["HX-Retarget"] = "#filter-note"
    response["HX-Reswap"] = "outerHTML"
    # The address keeps the last valid filter, which the rows still show.
    response["HX-Push-Url"] = "false"
    return with_vary_headers(response)


def _filter_error_page(
    request: PageRequest, state: ListState, error: StudioError, shell: PageShell
) -> HttpResponse:
    """Show the page with the error, and the rows of the filter's readable part."""
    problem = filter_problem_context(state.spec, error, rows_stay=False)
    context: dict[str, Any] = {"etag": ""}
    try:
        # The readable part matches more runs, and would run into the same timeout.
        if isinstance(error, QueryTimeout):
            raise error
        result = _find_list_by_readable_filter(request, state)
        context |= _list_context(request, result)
        context["complaints"] += deleted_item_notices(state, result.page)
        problem |= {"rows_of": result.spec.q, "rows_of_all": not result.spec.q}
    except QueryTimeout:
        context |= _context_without_rows(state)
    context |= view_bar_context(request, state, state.spec.columns)
    context |= _context_outside_table(request, state) | {"problem": problem}
    whole = {**context, **shell.context}
    return with_vary_headers(
        render(request, shell.template, whole, status=error.status)
    )


def _find_list_by_readable_filter(request: PageRequest, state: ListState) -> ListResult:
    # A cursor belongs to the rows of the whole filter.
    spec = replace(state.spec, after="", before="")
    part = replace(spec, q=state.scope.scoped(longest_readable_beginning(spec.q)))
    try:
        return find_list(request, state.with_spec(part))
    # The readable part can still name a field that this list doesn't support.
    except (InvalidFilter, NotSupported):
        return find_list(
            request, state.with_spec(replace(spec, q=state.scope.scoped("")))
        )


def _context_without_rows(state: ListState) -> dict[str, Any]:
    links = ListLinks(state.workspace.name, state.spec, None, state.scope.number)
    return {
        "spec": state.spec,
        **_title_context(state),
        "strip": status_strip({}, links),
        "counts_are_exact": True,
    }


def _fragment_response(
    request: PageRequest, state: ListState, context: dict[str, Any], stamp: str
) -> HttpResponse:
    html = render_to_string("run_list/_run_table.html", context, request)
    if SHOWN_ROWS_PARAMETER not in state.parameters or context["view_is_stale"]:
        # The address changes too. A poll changes neither address nor view bar, except
        # that it announces what another member saved.
        html += render_to_string(
            "views/_view_bar.html", {**context, "oob": True}, request
        )
    # The stamp changes with any write in the workspace; often this list is still the
    # same.
    etag = content_etag(stamp, html)
    if has_same_content(request, etag):
        return not_modified(etag)
    response = with_vary_headers(HttpResponse(html), etag)
    return with_pushed_url(request, response, state.path, context["spec"].to_query())
