"""MLflow: server information, health, and unknown endpoints."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse

from runs.access import PUBLIC, SIGNED_IN, Permission, StudioRequest, access
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import EndpointNotFound, render_error

#: The routes of the model registry, in both forms of `/api/2.0/mlflow/…`.
_REGISTRY_ROUTE = re.compile(r"(preview/)?mlflow/(registered-models|model-versions)\b")


@endpoint(Permission.READ)
def server_info(request: StudioRequest) -> dict[str, Any]:
    del request
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        # Clients then send every file in one request, whatever its size.
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
    }


# Probes of containers and proxies have no token.
@access(PUBLIC, errors=render_error)
def health(request: HttpRequest) -> HttpResponse:
    """Answer MLflow's health checks."""
    del request
    return HttpResponse("OK", content_type="text/plain")


@access(SIGNED_IN, errors=render_error)
def unknown_endpoint(request: HttpRequest, route: str = "") -> HttpResponse:
    """Answer the model registry, traces and other routes: they are not supported."""
    # Many scripts pass `registered_model_name` to `log_model`, so the message says what
    # to do instead.
    if _REGISTRY_ROUTE.match(route):
        raise EndpointNotFound(
            "This server has no model registry. Log the model to its run: "
            "mlflow.<framework>.log_model() without registered_model_name. "
            "Load it from runs:/<run id>/<name>, or from models:/<model id> "
            "with MLflow 3."
        )
    raise EndpointNotFound(f"Unknown endpoint: {request.method} {request.path_info}")
