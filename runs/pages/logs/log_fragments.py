"""Parts of a log, which the viewer requests while its reader scrolls or searches."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import studio
from runs.access import Permission, access
from runs.pages.requests import (
    PageRequest,
    browser_etag,
    not_modified,
    with_vary_headers,
)
from runs.pages.run_shell import find_run_head
from runs.render.logs import line_html
from runs.search.logs import (
    DEFAULT_COUNT,
    MAX_COUNT,
    LogSource,
    LogWindow,
    WindowQuery,
    find_log_source,
    read_window,
)
from studio.core.errors import InvalidValue

#: More digits than any line number, byte or time has.
_MAX_DIGITS = 18


@access(Permission.READ)
@require_safe
def log_lines(request: PageRequest, run_id: str) -> HttpResponse:
    """Show some lines; 304 if the log has not changed since the browser got them."""
    source = _find_source(request, run_id)
    query = parse_window_query(request, source)
    etag = fragment_etag(request, source)
    if browser_etag(request) == etag:
        return not_modified(etag)
    context = window_context(source, read_window(source, query))
    response = render(request, "logs/_log_lines.html", context)
    return with_vary_headers(response, etag)


def window_context(source: LogSource, window: LogWindow) -> dict[str, Any]:
    """Return the context of `_log_lines.html`."""
    return {
        "window": window,
        "log_key": log_key(source),
        "line_htmls": [line_html(line) for line in window.lines],
    }


def _find_source(request: PageRequest, run_id: str) -> LogSource:
    head = find_run_head(request, run_id)
    given = request.GET
    return find_log_source(head.run, given.get("path", ""), given.get("model", ""))


def parse_window_query(request: PageRequest, source: LogSource) -> WindowQuery:
    count = parse_number(request, "count")
    since = parse_number(request, "since")
    known = request.GET.get("file", "")
    # Another file has this path now, so its reader starts again at the end.
    is_replaced = bool(known) and known != log_key(source)
    return WindowQuery(
        line=parse_number(request, "line"),
        byte=parse_number(request, "byte"),
        at=parse_number(request, "at"),
        since=None if is_replaced else since,
        is_end="end" in request.GET or is_replaced,
        count=min(count or DEFAULT_COUNT, MAX_COUNT),
    )


def parse_number(request: PageRequest, name: str) -> int | None:
    """Read a number of the address; raises InvalidValue."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise InvalidValue(
            _("%(name)s must be a whole number.") % {"name": name}, field=name
        )
    return int(text)


def log_key(source: LogSource) -> str:
    """Return what stays the same while a log grows, and changes when it is replaced."""
    return blake2b(source.blob.encode(), digest_size=6).hexdigest()


def fragment_etag(request: PageRequest, source: LogSource) -> str:
    seen = (
        studio.__version__,
        request.get_full_path(),
        source.version,
        source.started,
        get_language(),
    )
    return f'"{blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"'
