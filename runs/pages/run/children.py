"""The tab *Child runs* of the run page: the run list with the children of one run.

It is the list of All runs with a filter by the parent, which the search box and the
pills don't show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.lists import (
    RUN_PREFIX,
    ListState,
    build_scope,
    read_state_tolerantly,
    restore_line_breaks,
)
from runs.pages.requests import PageRequest
from runs.pages.run_list import PageShell, show_list
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    head_context,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    with_page_etag,
)
from runs.search.run import RunHead


@access(Permission.READ)
@require_safe
def children_tab(request: PageRequest, run_id: str) -> HttpResponseBase:
    head = find_run_head(request, run_id)
    # The list polls on its own, and its fragment doesn't contain the run's head.
    if request.htmx and request.GET.get("part") == "head":
        return _refresh_head(request, head)
    context = {**_head_context(request, head), "here": request.get_full_path()}
    # A run with children shows the list's own empty state: its filter hides them.
    nothing = None if head.children else empty_state_of("children", head.run)
    shell = PageShell("run/run_children.html", context, nothing)
    return show_list(request, _child_list_state(request, head), shell)


def _child_list_state(request: PageRequest, head: RunHead) -> ListState:
    """Read the state, with the parent in its filter and its scope."""
    parameters = restore_line_breaks(request.GET).copy()
    # Parts of the list have addresses without the run, so `in` must name it.
    parameters["in"] = number = f"{RUN_PREFIX}{head.run.run_id}"
    scope = build_scope(request.workspace.name, None, number)
    state = read_state_tolerantly(request, scope, parameters)
    spec = replace(state.spec, q=scope.scoped(state.spec.q))
    parameters["q"] = spec.q
    return state.with_spec(spec)


def _refresh_head(request: PageRequest, head: RunHead) -> HttpResponse:
    """Send the run's head to the page's script."""
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    page_context = _head_context(request, head)
    here = f"{page_context['path']}children/"
    link = request.build_absolute_uri(here)
    context = {**page_context, "here": here, "link": link, "head_etag": etag}
    return with_page_etag(
        render(request, "run_shell/_live_run_head.html", context), etag
    )


def _head_context(request: PageRequest, head: RunHead) -> dict[str, Any]:
    """Return the context of the head; the list has its own poll interval (`pace`)."""
    page_context = head_context(request, head)
    return {"head_pace": page_context.pop("pace"), "tab": "children", **page_context}
