"""MLflow: create, read, change and delete registered models and aliases."""

from __future__ import annotations

import msgspec

from runs.access import Permission, StudioRequest
from runs.actions import registry
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.lookups import require_value
from runs.api.mlflow.registry.prompts import refuse_prompts
from runs.api.mlflow.registry.replies import (
    registered_model_json,
    version_json,
    versions_json,
)
from runs.api.mlflow.replies import Json
from runs.api.mlflow.tags import KeyValue
from runs.models import RegisteredModel, now_ms
from runs.search.registry import (
    find_alias,
    find_model,
    find_version,
    latest_versions,
    read_stage,
)
from studio.core.names import check_count, check_mlflow_key


class ModelRequest(msgspec.Struct):
    name: str = ""


class CreateRegisteredModel(ModelRequest):
    tags: list[KeyValue] = []
    description: str = ""


class RenameModel(ModelRequest):
    new_name: str = ""


class UpdateModel(ModelRequest):
    description: str = ""


class LatestVersions(ModelRequest):
    stages: list[str] = []


class ModelTag(ModelRequest):
    key: str = ""
    value: str = ""


class AliasRequest(ModelRequest):
    alias: str = ""


class SetAlias(AliasRequest):
    version: str | int = ""


def find_requested_model(request: StudioRequest, body: ModelRequest) -> RegisteredModel:
    return find_model(workspace_of(request), require_value(body.name, "name"))


def read_registry_tags(pairs: list[KeyValue]) -> dict[str, str]:
    """Return the tags; refuse those of a prompt."""
    check_count(len(pairs), "tags")
    tags = {check_mlflow_key(pair.key, "key"): pair.value for pair in pairs}
    refuse_prompts(tags)
    return tags


@endpoint(Permission.LOG, CreateRegisteredModel, scoped_tokens=True)
def create(request: StudioRequest, body: CreateRegisteredModel) -> Json:
    model = registry.create_model(
        workspace_of(request),
        require_value(body.name.strip() and body.name, "name"),
        actor=request.actor,
        now=now_ms(),
        description=body.description,
        tags=read_registry_tags(body.tags),
    )
    return {"registered_model": registered_model_json(model)}


@endpoint(Permission.READ, ModelRequest)
def get(request: StudioRequest, body: ModelRequest) -> Json:
    model = find_requested_model(request, body)
    return {"registered_model": registered_model_json(model)}


@endpoint(Permission.ANNOTATE, RenameModel)
def rename(request: StudioRequest, body: RenameModel) -> Json:
    model = find_requested_model(request, body)
    name = require_value(body.new_name.strip() and body.new_name, "new_name")
    registry.rename_model(model, name, actor=request.actor, now=now_ms())
    return {"registered_model": registered_model_json(model)}


@endpoint(Permission.ANNOTATE, UpdateModel)
def update(request: StudioRequest, body: UpdateModel) -> Json:
    model = find_requested_model(request, body)
    registry.update_model(model, body.description, actor=request.actor, now=now_ms())
    return {"registered_model": registered_model_json(model)}


@endpoint(Permission.TRASH, ModelRequest)
def delete(request: StudioRequest, body: ModelRequest) -> Json:
    model = find_requested_model(request, body)
    registry.delete_model(model, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.READ, LatestVersions)
def get_latest_versions(request: StudioRequest, body: LatestVersions) -> Json:
    check_count(len(body.stages), "stages")
    stages = [read_stage(stage) for stage in body.stages]
    model = find_requested_model(request, body)
    found = versions_json(latest_versions([model], stages)[model.pk])
    return {"model_versions": found} if found else {}


@endpoint(Permission.ANNOTATE, ModelTag)
def set_tag(request: StudioRequest, body: ModelTag) -> Json:
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    refuse_prompts({key: body.value})
    model = find_requested_model(request, body)
    registry.set_model_tag(model, key, body.value, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.ANNOTATE, ModelTag)
def delete_tag(request: StudioRequest, body: ModelTag) -> Json:
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    model = find_requested_model(request, body)
    registry.delete_model_tag(model, key, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.READ, AliasRequest)
def get_alias(request: StudioRequest, body: AliasRequest) -> Json:
    alias = require_value(body.alias, "alias")
    found = find_alias(find_requested_model(request, body), alias)
    return {"model_version": version_json(found.version)}


@endpoint(Permission.ANNOTATE, SetAlias)
def set_alias(request: StudioRequest, body: SetAlias) -> Json:
    require_value(str(body.version), "version")
    alias = require_value(body.alias, "alias")
    version = find_version(find_requested_model(request, body), body.version)
    registry.move_alias(version, alias, actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.ANNOTATE, AliasRequest)
def delete_alias(request: StudioRequest, body: AliasRequest) -> Json:
    model = find_requested_model(request, body)
    alias = require_value(body.alias, "alias")
    registry.remove_alias(model, alias, actor=request.actor, now=now_ms())
    return {}
