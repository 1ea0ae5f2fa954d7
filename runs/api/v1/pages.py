"""The API about itself: its OpenAPI document and a page for people."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.access.rules import SIGNED_IN, StudioRequest, access
from runs.api.http import as_json, endpoint
from runs.api.v1.openapi import document as make_document
from runs.api.v1.openapi import need_of, operations, readable
from runs.api.v1.routes import ROUTES


@endpoint("GET", SIGNED_IN)
def openapi(request: StudioRequest) -> HttpResponseBase:
    """The OpenAPI 3.1 document of this API."""
    address = request.build_absolute_uri(reverse("api")).rstrip("/")
    return as_json(make_document(address))


@access(SIGNED_IN)
@require_safe
def index(request: StudioRequest) -> HttpResponseBase:
    """The readable page; programs that ask for JSON get the document's address."""
    if request.get_preferred_type(["text/html", "application/json"]) != "text/html":
        address = request.build_absolute_uri(reverse("api-openapi"))
        return as_json({"openapi": address})
    subjects: dict[str, list[dict[str, object]]] = {subject: [] for subject in ROUTES}
    for subject, path, operation in operations():
        summary, _, more = operation.text.partition("\n\n")
        subjects[subject].append(
            {
                "method": operation.method,
                "path": f"/api/v1/{readable(path)}",
                "summary": summary,
                "more": more,
                "need": need_of(operation.need),
                "body": operation.body and operation.body.__name__,
                "reply": operation.reply and operation.reply.__name__,
            }
        )
    return render(request, "api.html", {"subjects": subjects})
