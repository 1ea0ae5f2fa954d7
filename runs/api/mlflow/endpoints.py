"""The decorator of MLflow views: permission, Struct, and a function to a reply.

`endpoint` decodes the request and encodes the reply. Errors are raised; `runs.access`
catches them and calls `render_error`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.http import HttpResponse, HttpResponseBase

from runs.access import Permission, StudioRequest, access
from runs.api.mlflow.decoding import decode
from runs.api.mlflow.errors import render_error
from runs.models import Workspace

Handler = Callable[..., Any]
View = Callable[..., HttpResponseBase]


def endpoint(
    need: Permission,
    body: type[msgspec.Struct] | None = None,
    *,
    scoped_tokens: bool = False,
) -> Callable[[Handler], View]:
    """Make a view from a function `(request, body, **path)` that returns a reply.

    Without `body` the function gets no second argument. Without `scoped_tokens` the
    tokens of runs can only read.
    """

    def wrap(handler: Handler) -> View:
        @access(need, errors=render_error, scoped_tokens=scoped_tokens)
        @wraps(handler)
        def view(request: StudioRequest, **path: str) -> HttpResponseBase:
            arguments = () if body is None else (decode(request, body),)
            return json_response(handler(request, *arguments, **path))

        return view

    return wrap


def json_response(reply: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(reply), content_type="application/json")


def workspace_of(request: StudioRequest) -> Workspace:
    """Return the workspace of the path, or the token's; `runs.access` has found it."""
    assert request.workspace is not None
    return request.workspace
