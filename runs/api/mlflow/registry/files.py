"""Download the files of a version."""

from __future__ import annotations

from django.http import HttpResponseBase

from runs.access import Permission, StudioRequest
from runs.api.mlflow.artifacts import (
    ArtifactPath,
    read_artifact_path,
    send_file,
    streaming_endpoint,
)
from runs.api.mlflow.decoding import decode_query
from runs.api.mlflow.lookups import require_value
from runs.api.mlflow.registry.versions import VersionRequest, find_requested_version


class VersionFile(VersionRequest):
    path: str = ""


@streaming_endpoint(Permission.READ)
def get_artifact(request: StudioRequest) -> HttpResponseBase:
    """model-versions/get-artifact: download a file of a version."""
    query = decode_query(request, VersionFile)
    path = read_artifact_path(require_value(query.path, "path"))
    version = find_requested_version(request, query)
    owner = version.logged_model or version.files_run
    assert owner is not None
    below = "/".join(part for part in (version.path, path) if part)
    return send_file(request, ArtifactPath(owner, below))
