"""Responses of pages and their parts: conditional, compressed.

An ETag has two halves. The *stamp* covers everything that can change a list, and costs
one small query: if the browser has the same stamp, nothing is computed. If the stamp
changed, the page is rendered, and the second half tells whether the content changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from runs.access import preferred_format
from runs.pages.requests.addresses import safe_return_path
from runs.pages.requests.page_request import PageRequest
from studio import __version__
from studio.core.errors import InvalidValue
from studio.core.filters import Node
from studio.core.filters.tree import Ago, And, Comparison, Not, Or, attribute
from studio.core.view_spec import ViewSpec

Response = TypeVar("Response", bound=HttpResponseBase)
#: A running clock does not count as a change.
_TICKING = re.compile(r"(data-ticking=[^>]*>)[^<]*")
#: Names the rows on the page. Which list it is does not depend on them.
SHOWN_ROWS_PARAMETER = "shown"
JSON, CSV, TEXT = "application/json", "text/csv", "text/plain"
PARQUET = "application/vnd.apache.parquet"
#: The content types of exports, by `?format=`.
EXPORT_TYPES = {"csv": f"{CSV}; charset=utf-8", "json": JSON, "parquet": PARQUET}


def requested_format(request: PageRequest) -> str:
    """Return the content type that a script requests by `Accept`; empty for a page."""
    return "" if request.htmx else preferred_format(request)


def requested_export(request: PageRequest) -> str:
    """Return the file format of an export (`?format=`); empty for a page.

    Raises InvalidValue for an unknown format.
    """
    name = request.GET.get("format", "")
    if name and name not in EXPORT_TYPES:
        allowed = ", ".join(EXPORT_TYPES)
        raise InvalidValue(
            _("format must be one of %(allowed)s") % {"allowed": allowed},
            field="format",
        )
    return name


def with_vary_headers(response: Response, etag: str = "") -> Response:
    """Set headers: one address has a page and its fragment, and neither is cached."""
    # Otherwise *Back* could show a fragment instead of the page.
    patch_vary_headers(response, ("HX-Request", "Accept", "Cookie"))
    response["Cache-Control"] = "private, no-store"
    if etag:
        response["ETag"] = etag
    return response


def change_stamp(
    request: PageRequest, spec: ViewSpec, path: str, parameters: QueryDict
) -> str:
    """Return a stamp of all changes so far, read before the page is.

    A change in the meantime then gives the next request another stamp.

    `path` and `parameters` are the address of the list or of its part. Empty if the
    list changes without a write, as durations do.
    """
    if _depends_on_time(spec, spec.filter()):
        return ""
    changes = request.workspace.count_changes()
    if changes is None:
        return ""
    parameter_pairs = [
        (k, v) for k, v in sorted(parameters.items()) if k != SHOWN_ROWS_PARAMETER
    ]
    return _content_digest(
        changes,
        path,
        parameter_pairs,
        # Users have their own stars, and *my runs* means other runs for each.
        request.actor.user.pk,
        request.role,
        timezone.get_current_timezone_name(),
        # Times of other years show their year.
        timezone.localtime().year,
        translation.get_language(),
        __version__,
    )


def content_etag(stamp: str, html: str) -> str:
    return f'"{stamp}-{_content_digest(_TICKING.sub(_drop_ticking_text, html))}"'


def browser_etag(request: PageRequest) -> str:
    """The ETag that the browser has; compression makes it a weak one."""
    return request.headers.get("If-None-Match", "").removeprefix("W/")


def is_unchanged(request: PageRequest, stamp: str) -> bool:
    """Whether nothing at all was written since the browser got its page."""
    return bool(stamp) and browser_etag(request).startswith(f'"{stamp}-')


def has_same_content(request: PageRequest, etag: str) -> bool:
    known = browser_etag(request)
    # Only the second half: another run's change gives a new stamp for the same content.
    return bool(known) and known.rpartition("-")[2] == etag.rpartition("-")[2]


def not_modified(etag: str) -> HttpResponse:
    return with_vary_headers(HttpResponse(status=304), etag)


def _depends_on_time(spec: ViewSpec, node: Node | None) -> bool:
    duration = attribute("duration")
    # The filter of a view can depend on the time.
    fields = (duration, attribute("view"))
    return spec.sort.field == duration or any(
        term.field in fields or any(isinstance(v, Ago) for v in term.values)
        for term in _comparisons_in(node)
    )


def _comparisons_in(node: Node | None) -> Iterable[Comparison]:
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, Not):
        yield from _comparisons_in(node.node)
    elif isinstance(node, (And, Or)):
        for each in node.nodes:
            yield from _comparisons_in(each)


def _drop_ticking_text(match: re.Match[str]) -> str:
    return match[1]


def _content_digest(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=9).hexdigest()


COMPRESSED_TYPES = ("text/html", "application/json")
#: Smaller responses fit into a packet, and scripts wait for each of theirs.
MIN_COMPRESSED_BYTES = 1024


class CompressionMiddleware(GZipMiddleware):
    """Django's own, which pads responses against BREACH, for rendered pages.

    Streams are left alone: files keep their length, and are often compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in COMPRESSED_TYPES:
            return response
        if len(getattr(response, "content", b"")) < MIN_COMPRESSED_BYTES:
            return response
        return super().process_response(request, response)


def star_response(request: PageRequest, on: bool) -> HttpResponse:
    """Return the star that was clicked; without a script, the page that it is on."""
    if request.htmx:
        # A page can have two stars of one thing: return the id of the clicked one.
        mark = request.htmx.trigger or "star"
        context = {"starred": on, "href": request.path, "mark": mark}
        return render(request, "site/_star.html", context)
    return HttpResponseRedirect(safe_return_path(request) or "/")
