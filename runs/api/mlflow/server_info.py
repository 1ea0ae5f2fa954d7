"""What the server says about itself, and what it says about routes that it has not."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse

from runs.access import PUBLIC, SIGNED_IN, Permission, StudioRequest, access
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import EndpointNotFound, render_error

#: What `register_model` and its like ask; both forms of `/api/2.0/mlflow/…`.
_REGISTRY_ROUTE = re.compile(r"(preview/)?mlflow/(registered-models|model-versions)\b")


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
def unknown_endpoint(request: HttpRequest, route: str = "") -> HttpResponse:
    """The model registry, traces and all else: clients read that there is none."""
    if _REGISTRY_ROUTE.match(route):
        raise EndpointNotFound(
            "There is no model registry here. Keep the model with its run: "
            "mlflow.<framework>.log_model() without registered_model_name, and load it "
            "by runs:/<run id>/<name>, or by models:/<model id> from MLflow 3 on."
        )
    raise EndpointNotFound(f"There is no endpoint {request.method} {request.path_info}")
