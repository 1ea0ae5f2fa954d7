"""MLflow: server information, health and version."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from runs.access import PUBLIC, Permission, StudioRequest, access
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import render_error

#: From 3.4 on, clients of MLflow 3 send each span of a trace in a request of its own.
PROTOCOL_VERSION = "3.3.2"


@endpoint(Permission.READ)
def server_info(request: StudioRequest) -> dict[str, Any]:
    del request
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        # Clients then send files of 500 MiB and more in parts.
        "multipart_uploads_enabled": True,
        # It would cost each download of a small file a second request.
        "multipart_downloads_enabled": False,
    }


# Probes of containers and proxies have no token.
@access(PUBLIC, errors=render_error)
def health(request: HttpRequest) -> HttpResponse:
    """Answer MLflow's health checks."""
    del request
    return HttpResponse("OK", content_type="text/plain")


@access(PUBLIC, errors=render_error)
def version(request: HttpRequest) -> HttpResponse:
    """Answer the version of MLflow whose protocol this server speaks."""
    del request
    return HttpResponse(PROTOCOL_VERSION, content_type="text/plain")
