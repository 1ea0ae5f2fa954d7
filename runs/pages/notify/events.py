"""*Events*: the status changes of a workspace, filtered and exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import StatusChange, now_ms
from runs.pages.notify.alert_tabs import alert_frame, read_before
from runs.pages.requests import (
    CSV,
    FORM_ERROR_STATUS,
    JSON,
    PageRequest,
    content_disposition,
    csv_response,
    requested_export,
    requested_format,
    with_vary_headers,
)
from runs.search.notify import (
    CATEGORY,
    EVENT_COLUMNS,
    event_row,
    iterate_status_events,
    list_status_events,
)
from studio.core.errors import InvalidValue, StudioError
from studio.core.filters import parse
from studio.core.statuses import RunStatus


@access(Permission.READ)
@require_safe
def events_page(request: PageRequest) -> HttpResponseBase:
    q = request.GET.get("q", "")
    accepted = requested_format(request)
    form = {CSV: "csv", JSON: "json"}.get(accepted) or requested_export(request)
    if form:
        return _export(request, q, form)
    return _show(request, q)


def _show(request: PageRequest, q: str) -> HttpResponse:
    context: dict[str, Any] = {
        "q": q,
        "problem": "",
        "category": CATEGORY,
        **alert_frame(request, "events"),
        "rule_query": urlencode({"q": q}, quote_via=quote) if q else "",
    }
    status = 200
    try:
        page = list_status_events(
            request.workspace,
            request.actor.user,
            q,
            now=now_ms(),
            before=read_before(request),
        )
    except StudioError as error:
        context |= {"problem": error.message, "events": []}
        status = FORM_ERROR_STATUS
    else:
        context |= {
            "events": [_shown(each) for each in page.events],
            "older": page.older,
        }
    response = render(request, "notify/events.html", context, status=status)
    return with_vary_headers(response)


def _shown(change: StatusChange) -> dict[str, Any]:
    event = change.event
    return {
        "event": event,
        "run": event.run,
        "status": RunStatus.from_code(event.new),
        "old": None if event.old is None else RunStatus.from_code(event.old),
    }


def _export(request: PageRequest, q: str, form: str) -> StreamingHttpResponse:
    """Raises InvalidValue for another format than CSV and JSON, and InvalidFilter."""
    if form not in ("csv", "json"):
        raise InvalidValue(_("format must be csv or json."), field="format")
    # Before the response begins, so that the error has a status.
    parse(q)
    found = iterate_status_events(
        request.workspace, request.actor.user, q, now=now_ms()
    )
    name = f"events-{request.workspace.name}.{form}"
    if form == "csv":
        return csv_response(_sheet(found), name)
    response = StreamingHttpResponse(_json_parts(found))
    response["Content-Type"] = "application/json"
    response["Content-Disposition"] = content_disposition(name, True)
    return response


def _sheet(found: Iterator[StatusChange]) -> Iterator[list[object]]:
    yield list(EVENT_COLUMNS)
    for change in found:
        row = event_row(change)
        yield ["" if row[name] is None else row[name] for name in EVENT_COLUMNS]


def _json_parts(found: Iterator[StatusChange]) -> Iterator[str]:
    yield '{"events": ['
    separator = "\n"
    for change in found:
        yield separator + json.dumps(event_row(change), ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"
