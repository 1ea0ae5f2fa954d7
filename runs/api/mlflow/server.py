"""What the server says about itself, and what it says about routes that it has not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from runs.access.rules import PUBLIC, SIGNED_IN, Permission, StudioRequest, access
from runs.api.mlflow.errors import EndpointNotFound, render_error
from runs.api.mlflow.http import endpoint


@endpoint(Permission.READ)
def server_info(request: StudioRequest) -> dict[str, Any]:
    del request
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
    }


@access(PUBLIC, errors=render_error)
def health(request: HttpRequest) -> HttpResponse:
    """What MLflow's probes ask."""
    del request
    return HttpResponse("OK", content_type="text/plain")


@access(SIGNED_IN, errors=render_error)
def unknown(request: HttpRequest, route: str = "") -> HttpResponse:
    """The model registry, traces and all else: clients read that there is none."""
    del route
    raise EndpointNotFound(f"There is no endpoint {request.method} {request.path_info}")
