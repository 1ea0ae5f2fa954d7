"""The page of log search: runs with their first matching lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.actions.log_index import switch_log_index
from runs.models import Run, User, Workspace, now_ms
from runs.pages.lists import unsearched_text
from runs.pages.requests import PageRequest
from runs.render import formats
from runs.search.log_index import (
    LOG,
    HitFile,
    HitLine,
    RunHits,
    find_hits,
    log_patterns,
    partial_search,
    read_index_state,
)
from runs.search.run_list import RunPage, find_runs
from studio.core.errors import InvalidValue, QueryTimeout
from studio.core.filters import to_text
from studio.core.filters.tree import (
    NEGATED,
    Comparison,
    Text,
    Word,
    attribute,
    fields_of,
    terms,
)
from studio.core.view_spec import ViewSpec

#: Runs of a page.
PAGE_RUNS = 25
#: A page shows what was found in this time, if that is anything.
FIRST_SECONDS = 0.3


@dataclass(frozen=True)
class ShownLine:
    line: HitLine
    href: str


@dataclass(frozen=True)
class ShownFile:
    file: HitFile
    href: str
    lines: tuple[ShownLine, ...]


@dataclass(frozen=True)
class ShownRun:
    """A run with links to its matching lines; none if the time did not suffice."""

    run: Run
    href: str
    files: tuple[ShownFile, ...]
    is_whole: bool


@access(Permission.READ)
@require_safe
@vary_on_headers("HX-Request")
def log_search_page(request: PageRequest) -> HttpResponse:
    typed = request.GET.get("q", "").strip()
    state = read_index_state(request.workspace)
    context: dict[str, Any] = {
        "q": typed,
        "index": state,
        "can_switch": request.role >= Permission.SEARCH_INDEX.role,
        "unsearched": unsearched_text(state.unsearched) if state.unsearched else "",
    }
    if typed:
        try:
            context |= _results(request, typed)
        except (InvalidValue, QueryTimeout) as error:
            context["problem"] = str(error)
    name = "_log_results.html" if request.htmx else "log_search.html"
    return render(request, f"log_search/{name}", context)


def _results(request: PageRequest, typed: str) -> dict[str, Any]:
    """Raises InvalidFilter, InvalidValue for a cursor, QueryTimeout."""
    q = _as_filter(typed)
    spec = ViewSpec.from_query(
        {
            "q": q,
            "children": "1",
            "archived": "1",
            "columns": "name",
            "after": request.GET.get("after", ""),
            "before": request.GET.get("before", ""),
        }
    )
    spec = replace(spec, rows=PAGE_RUNS)
    viewer, workspace = request.actor.user, request.workspace
    page, is_stopped = _find_page(spec, viewer, workspace)
    runs = [row.run for row in page.rows]
    hits = find_hits(workspace, log_patterns(spec.filter()), runs)
    path = request.path
    links = {
        name: f"{path}?{urlencode({'q': typed, cursor: value})}" if value else ""
        for name, cursor, value in (
            ("next", "after", page.after),
            ("previous", "before", page.before),
        )
    }
    list_query = urlencode({"q": q, "children": "1", "flat": "1", "archived": "1"})
    return {
        "runs": [_shown_run(request, run, hits[run.pk]) for run in runs],
        "total": formats.grouped(page.total) + ("" if page.total_is_exact else "+"),
        "count": page.total,
        "is_stopped": is_stopped,
        "further": f"{path}?{urlencode({'q': typed})}",
        "list_href": f"/w/{workspace.name}/runs/?{list_query}",
        **links,
    }


def _find_page(
    spec: ViewSpec, viewer: User, workspace: Workspace
) -> tuple[RunPage, bool]:
    """The runs of a page; and whether only the newest logs were read.

    What was read is remembered, so the same search reads further the next time.
    """
    searched = [term for term in terms(spec.filter()) if LOG in fields_of(term)]
    if all(isinstance(t, Comparison) and t.op not in NEGATED for t in searched):
        with partial_search(FIRST_SECONDS) as search:
            page = find_runs(spec, viewer, workspace, now=now_ms())
        if page.rows or not search.is_stopped:
            return page, search.is_stopped
    return find_runs(spec, viewer, workspace, now=now_ms()), False


def _as_filter(typed: str) -> str:
    """The filter that was typed; words alone are a text that is searched in logs."""
    try:
        node = ViewSpec.from_query({"q": typed}).filter()
        if not all(isinstance(term, Word) for term in terms(node)):
            return typed
    except InvalidValue:
        # It is meant as a filter, and its error is shown.
        return typed
    return to_text(Comparison(attribute("log"), "contains", (Text(typed),)))


def _shown_run(request: PageRequest, run: Run, hits: RunHits) -> ShownRun:
    path = formats.run_path(request.workspace.name, run.run_id)
    files = []
    for file in hits.files:
        href = f"{path}files/?{urlencode({'path': file.path})}"
        lines = tuple(
            ShownLine(each, f"{href}&line={each.number}#L{each.number}")
            for each in file.lines
        )
        files.append(ShownFile(file, href, lines))
    return ShownRun(run, path, tuple(files), hits.is_whole)


@access(Permission.SEARCH_INDEX)
@require_POST
def switch_index(request: PageRequest) -> HttpResponse:
    is_on = request.POST.get("is_on") == "1"
    switch_log_index(request.workspace, is_on=is_on, actor=request.actor, now=now_ms())
    messages.success(
        request,
        _("Log search turned on. The logs are indexed in the background.")
        if is_on
        else _("Log search turned off. The index was deleted."),
    )
    return HttpResponseRedirect(reverse("log-search", args=[request.workspace.name]))
