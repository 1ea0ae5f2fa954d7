"""MLflow: create, read, change, delete and download versions of registered models."""

from __future__ import annotations

import msgspec
from django.http import HttpResponseBase

from runs.access import Permission, StudioRequest
from runs.actions import registry
from runs.api.mlflow.artifacts import (
    ArtifactPath,
    read_artifact_path,
    send_file,
    streaming_endpoint,
)
from runs.api.mlflow.decoding import decode_query
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.lookups import require_value
from runs.api.mlflow.registry.models import (
    ModelRequest,
    find_requested_model,
    read_registry_tags,
)
from runs.api.mlflow.registry.prompts import refuse_prompts
from runs.api.mlflow.registry.replies import download_uri, version_json
from runs.api.mlflow.replies import Json
from runs.api.mlflow.tags import KeyValue
from runs.api.registered_sources import check_source_in_scope
from runs.models import ModelVersion, now_ms
from runs.search.registry import find_version, read_stage
from studio.core.names import check_mlflow_key


class VersionRequest(ModelRequest):
    version: str | int = ""


class CreateVersion(msgspec.Struct):
    name: str = ""
    source: str = ""
    run_id: str = ""
    tags: list[KeyValue] = []
    run_link: str = ""
    description: str = ""
    model_id: str = ""


class UpdateVersion(VersionRequest):
    description: str = ""


class TransitionStage(VersionRequest):
    stage: str = ""
    archive_existing_versions: bool = False


class VersionFile(VersionRequest):
    path: str = ""


class VersionTag(VersionRequest):
    key: str = ""
    value: str = ""


def find_requested_version(
    request: StudioRequest, body: VersionRequest
) -> ModelVersion:
    require_value(body.name, "name")
    number = require_value(str(body.version), "version")
    return find_version(find_requested_model(request, body), number)


@endpoint(Permission.LOG, CreateVersion, scoped_tokens=True)
def create(request: StudioRequest, body: CreateVersion) -> Json:
    name = require_value(body.name, "name")
    source = require_value(body.source, "source")
    tags = read_registry_tags(body.tags)
    check_source_in_scope(request, source, run_id=body.run_id, model_id=body.model_id)
    version = registry.register_version(
        workspace_of(request),
        name,
        source,
        registry.VersionDetails(
            description=body.description, tags=tags, run_link=body.run_link
        ),
        actor=request.actor,
        now=now_ms(),
        run_id=body.run_id,
        model_id=body.model_id,
        host=request.get_host(),
    )
    return {"model_version": version_json(version)}


@endpoint(Permission.READ, VersionRequest)
def get(request: StudioRequest, body: VersionRequest) -> Json:
    return {"model_version": version_json(find_requested_version(request, body))}


@endpoint(Permission.READ, VersionRequest)
def get_download_uri(request: StudioRequest, body: VersionRequest) -> Json:
    return {"artifact_uri": download_uri(find_requested_version(request, body))}


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


@endpoint(Permission.ANNOTATE, UpdateVersion)
def update(request: StudioRequest, body: UpdateVersion) -> Json:
    version = find_requested_version(request, body)
    registry.update_version(
        version, body.description, actor=request.actor, now=now_ms()
    )
    return {"model_version": version_json(version)}


@endpoint(Permission.TRASH, VersionRequest)
def delete(request: StudioRequest, body: VersionRequest) -> Json:
    version = find_requested_version(request, body)
    registry.delete_version(version, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.ANNOTATE, TransitionStage)
def transition_stage(request: StudioRequest, body: TransitionStage) -> Json:
    stage = read_stage(require_value(body.stage, "stage"))
    version = find_requested_version(request, body)
    registry.set_stage(
        version,
        stage,
        actor=request.actor,
        now=now_ms(),
        archive_existing=body.archive_existing_versions,
    )
    return {"model_version": version_json(version)}


@endpoint(Permission.ANNOTATE, VersionTag)
def set_tag(request: StudioRequest, body: VersionTag) -> Json:
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    refuse_prompts({key: body.value})
    version = find_requested_version(request, body)
    registry.set_version_tag(
        version, key, body.value, actor=request.actor, now=now_ms()
    )
    return {}


@endpoint(Permission.ANNOTATE, VersionTag)
def delete_tag(request: StudioRequest, body: VersionTag) -> Json:
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    version = find_requested_version(request, body)
    registry.delete_version_tag(version, key, actor=request.actor, now=now_ms())
    return {}
