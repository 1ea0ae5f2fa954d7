"""Parts of a log, which the viewer requests while its reader scrolls or searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.logs.log_requests import (
    find_source,
    fragment_etag,
    log_key,
    parse_lines_query,
    parse_pattern,
)
from runs.pages.requests import (
    PageRequest,
    browser_etag,
    not_modified,
    with_vary_headers,
)
from runs.render.formats import run_path
from runs.render.logs import line_html, marked_html
from runs.search.logs import (
    LogHit,
    LogPattern,
    LogSearch,
    LogSource,
    LogWindow,
    read_outline,
    read_window,
    search_log,
)


@access(Permission.READ)
@require_safe
def log_lines(request: PageRequest, run_id: str) -> HttpResponse:
    """Show some lines of a log."""
    source = find_source(request, run_id)
    query = parse_lines_query(request, source)
    etag = fragment_etag(request, source)
    if browser_etag(request) == etag:
        return not_modified(etag)
    window = read_window(source, query.window)
    context = window_context(source, window, query.mark)
    response = render(request, "logs/_log_lines.html", context)
    if window.is_busy:
        # The next request for the same must not be answered from a cache.
        response["Cache-Control"] = "no-store"
        return response
    return with_vary_headers(response, etag)


@access(Permission.READ)
@require_safe
def log_hits(request: PageRequest, run_id: str) -> HttpResponse:
    """Show the next lines of a log that match, as links to them."""
    source = find_source(request, run_id)
    pattern = parse_pattern(request, "q")
    after = request.GET.get("after", "")
    return _respond(
        request,
        source,
        "logs/_log_hits.html",
        lambda: hits_context(request, source, pattern, after),
    )


@access(Permission.READ)
@require_safe
def log_outline(request: PageRequest, run_id: str) -> HttpResponse:
    """Show the tracebacks of a log as links, and which levels it has."""
    source = find_source(request, run_id)
    return _respond(
        request,
        source,
        "logs/_log_outline.html",
        lambda: outline_context(request, source),
    )


def outline_context(request: PageRequest, source: LogSource) -> dict[str, Any]:
    """Return the context of `_log_outline.html`."""
    return {"outline": read_outline(source), "log_href": _log_href(request)}


def _respond(
    request: PageRequest,
    source: LogSource,
    template: str,
    context: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """Render a fragment; 304 if the log has not changed since the browser got it."""
    etag = fragment_etag(request, source)
    if browser_etag(request) == etag:
        return not_modified(etag)
    return with_vary_headers(render(request, template, context()), etag)


def window_context(
    source: LogSource, window: LogWindow, mark: LogPattern | None = None
) -> dict[str, Any]:
    """Return the context of `_log_lines.html`; matches of `mark` are marked."""
    return {
        "window": window,
        "log_key": log_key(source),
        "line_htmls": [
            line_html(line, mark.find_all(line.text) if mark else ())
            for line in window.lines
        ],
    }


def hits_context(
    request: PageRequest, source: LogSource, pattern: LogPattern | None, after: str
) -> dict[str, Any]:
    """Return the context of `_log_hits.html`: the next hits of a search."""
    context = search_context(source, pattern, after)
    given = request.GET.copy()
    given["after"] = context["search"].next
    return {
        **context,
        "log_href": _log_href(request),
        "next_href": f"{request.path}?{given.urlencode()}",
    }


def search_context(
    source: LogSource, pattern: LogPattern | None, after: str = ""
) -> dict[str, Any]:
    """Return the hits of `_log_hits.html`, without where their links lead."""
    search = LogSearch((), True, "", source.size, source.size)
    if pattern is not None:
        search = search_log(source, pattern, after=after)
    return {
        "search": search,
        "hits": [(hit, _hit_html(hit)) for hit in search.hits],
    }


def _hit_html(hit: LogHit) -> SafeString:
    return marked_html(hit.text, hit.marks)


def _log_href(request: PageRequest) -> str:
    """Return the address of the viewer, to which a line's number is added."""
    match = request.resolver_match
    run = run_path(request.workspace.name, match.kwargs["run_id"]) if match else ""
    names = ("path", "model", "q", "regex", "case")
    given = {name: request.GET[name] for name in names if request.GET.get(name)}
    return f"{run}files/?{urlencode(given)}"
