"""The REST API's documentation: its OpenAPI document and an HTML page."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import SIGNED_IN, Permission, StudioRequest, access, public_origin
from runs.api.v1.endpoints import Operation, Schema, endpoint, json_response
from runs.api.v1.openapi import list_operations, readable_path
from runs.api.v1.openapi import openapi_document as make_document
from runs.api.v1.routes import ROUTES


@endpoint("GET", SIGNED_IN)
def openapi(request: StudioRequest) -> HttpResponseBase:
    """The OpenAPI 3.1 document of this API."""
    address = request.build_absolute_uri(reverse("api")).rstrip("/")
    return json_response(make_document(address))


@access(SIGNED_IN)
@require_safe
def index(request: StudioRequest) -> HttpResponseBase:
    """Show the HTML page; for JSON return the URL of the OpenAPI document."""
    # Scripts that request the root of the API find the machine-readable document.
    if request.get_preferred_type(["text/html", "application/json"]) != "text/html":
        address = request.build_absolute_uri(reverse("api-openapi"))
        return json_response({"openapi": address})
    subjects: dict[str, list[dict[str, object]]] = {subject: [] for subject in ROUTES}
    for subject, path, operation in list_operations():
        subjects[subject].append(_operation_row(path, operation))
    context = {"subjects": subjects, "origin": public_origin(request)}
    return render(request, "api/api.html", context)


def _operation_row(path: str, operation: Operation) -> dict[str, object]:
    summary, _empty, more = operation.text.partition("\n\n")
    need = operation.need
    return {
        "method": operation.method,
        "path": short_path(path),
        "summary": summary,
        "more": more,
        "role": need.role.label if isinstance(need, Permission) else "",
        "body": _schema_name(operation.body),
        "other": _input_text(operation),
        "reply": _schema_name(operation.reply)
        or pgettext("body of a request or response", "bytes"),
    }


def short_path(path: str) -> str:
    """Return a path without the prefix that all paths of a workspace share."""
    below = readable_path(path).partition("workspaces/{workspace}/")[2]
    return f"…/{below}" if below else f"/api/v1/{readable_path(path)}"


def _input_text(operation: Operation) -> str:
    if operation.query:
        return _("query string")
    return (
        pgettext("body of a request or response", "bytes")
        if operation.streams_body
        else "–"
    )


def _schema_name(shape: Schema | None) -> str:
    return shape.__name__ if shape else ""
