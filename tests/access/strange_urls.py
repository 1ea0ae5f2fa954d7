"""Addresses with views that the product does not have: careless, broken, busy."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from runs.access.error_responses import render_json_error
from runs.access.permissions import (
    PUBLIC,
    SIGNED_IN,
    Permission,
    access,
    view_by_method,
)


def busy() -> OperationalError:
    """What Django raises where another process holds the database."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to all")


ERRORS: dict[str, Exception] = {
    "missing": Http404("gone"),
    "bad": BadRequest("what?"),
    "locked": busy(),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "bug": ZeroDivisionError("a secret detail"),
}


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind]


def echo(request: HttpRequest, **words: Any) -> HttpResponse:
    return HttpResponse(request.body)


def ok(request: HttpRequest, **words: Any) -> HttpResponse:
    return HttpResponse(str(request.workspace))  # type: ignore[attr-defined]


def declared(view: Any, need: Any, **options: Any) -> Any:
    def wrapped(request: HttpRequest, **words: Any) -> HttpResponse:
        return view(request, **words)

    return access(need, **options)(wrapped)


def api(view: Any, need: Any, **options: Any) -> Any:
    return declared(view, need, errors=render_json_error, **options)


pair = view_by_method(
    GET=api(ok, Permission.READ), POST=api(ok, Permission.LOG), PUT=undeclared
)

urlpatterns = [
    path("undeclared/", undeclared),
    path("fail/<str:kind>/", declared(fail, PUBLIC)),
    path("api/fail/<str:kind>/", api(fail, PUBLIC)),
    path("api/echo/", api(echo, SIGNED_IN)),
    path("api/upload/", api(echo, SIGNED_IN, streams_body=True)),
    path("api/bare/", api(ok, Permission.READ)),
    path("w/<str:workspace>/api/pair/", pair),
    path("w/<str:workspace>/api/owner/", api(ok, Permission.MEMBERS)),
    path("", include("studio.urls")),
]

handler400 = "runs.access.error_responses.bad_request"
handler403 = "runs.access.error_responses.not_allowed"
handler404 = "runs.access.unknown_addresses.not_found"
handler500 = "runs.access.error_responses.server_error"
