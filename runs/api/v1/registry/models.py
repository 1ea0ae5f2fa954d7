"""REST: list, create, read, change, tag and delete registered models, and aliases."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponseBase

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import registry
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.registry.replies import alias_info, model_info, with_model_parts
from runs.api.v1.schemas import (
    AliasInfo,
    AliasMove,
    ModelInfo,
    ModelList,
    ModelPatch,
    ModelQuery,
    NewModel,
    Removed,
    Starred,
    TextEdit,
    TextReply,
)
from runs.models import ModelVersion, RegisteredModel, now_ms
from runs.search import registry as registry_search
from runs.search.registry import filter_models
from runs.search.sql import time_limit
from studio.core.errors import AlreadyExists


def find_model(request: StudioRequest, name: str) -> RegisteredModel:
    return registry_search.find_model(workspace_of(request), name)


def find_version(request: StudioRequest, name: str, number: int) -> ModelVersion:
    return registry_search.find_version(find_model(request, name), number)


@endpoint("GET", Permission.READ, query=ModelQuery, reply=ModelList)
def list_models(request: StudioRequest, query: ModelQuery) -> ModelList:
    """List registered models by name."""
    rows = RegisteredModel.objects.filter(workspace=workspace_of(request))
    if query.name:
        rows = rows.filter(name=query.name)
    if query.q:
        rows = filter_models(rows, query.q, signed_in_user(request), now_ms())
    if query.after:
        # A name, so pages stay right while its model is renamed or deleted.
        rows = rows.filter(name__gt=query.after)
    with time_limit():
        found = list(with_model_parts(rows).order_by("name")[: query.limit + 1])
    shown = found[: query.limit]
    after = shown[-1].name if len(found) > query.limit else ""
    return ModelList([model_info(one) for one in shown], after)


@endpoint(
    "POST",
    Permission.LOG,
    body=NewModel,
    reply=ModelInfo,
    status=201,
    scoped_tokens=True,
)
def create_model(request: StudioRequest, body: NewModel) -> HttpResponseBase:
    """Create a model without versions, or return the one of that name (200)."""
    workspace, is_new = workspace_of(request), True
    try:
        registry.create_model(
            workspace,
            body.name,
            description=body.description,
            tags=body.tags,
            actor=request.actor,
            now=now_ms(),
        )
    except AlreadyExists:
        is_new = False
    reply = _read_model_info(find_model(request, body.name))
    return json_response(reply, 201 if is_new else 200)


@endpoint("GET", Permission.READ, reply=ModelInfo)
def get_model(request: StudioRequest, name: str) -> ModelInfo:
    """Read one model."""
    return _read_model_info(find_model(request, name))


@endpoint("PATCH", Permission.ANNOTATE, body=ModelPatch, reply=ModelInfo)
@transaction.atomic
def change_model(request: StudioRequest, name: str, body: ModelPatch) -> ModelInfo:
    """Rename or describe a model."""
    model = find_model(request, name)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if isinstance(body.name, str):
        registry.rename_model(model, body.name, **who)
    if isinstance(body.description, str):
        registry.update_model(model, body.description, **who)
    return _read_model_info(model)


@endpoint("DELETE", Permission.TRASH, reply=Removed)
def delete_model(request: StudioRequest, name: str) -> Removed:
    """Delete a model with all its versions. It must have no aliases.

    The files of runs and logged models stay.
    """
    model = find_model(request, name)
    registry.delete_model(model, actor=request.actor, now=now_ms())
    return Removed(1)


@endpoint("POST", Permission.ANNOTATE, body=TextEdit, reply=TextReply)
@transaction.atomic
def edit_model_tags(request: StudioRequest, name: str, body: TextEdit) -> TextReply:
    """Set and remove tags of a model."""
    model = find_model(request, name)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    for key, value in body.set.items():
        registry.set_model_tag(model, key, value, **who)
    # As for runs, setting a tag wins over removing it.
    for key in body.remove:
        if key not in body.set:
            registry.delete_model_tag(model, key, **who)
    return TextReply(_read_model_info(model).tags)


@endpoint("PUT", Permission.ANNOTATE, body=AliasMove, reply=AliasInfo)
def move_model_alias(
    request: StudioRequest, name: str, alias: str, body: AliasMove
) -> AliasInfo:
    """Let an alias point to a version; it is created if needed."""
    moved = registry.move_alias(
        find_version(request, name, body.version),
        alias,
        note=body.note,
        expected=body.expected,
        actor=request.actor,
        now=now_ms(),
    )
    return alias_info(moved)


@endpoint("DELETE", Permission.ANNOTATE, reply=Removed)
def remove_model_alias(request: StudioRequest, name: str, alias: str) -> Removed:
    """Remove an alias; its version stays."""
    model = find_model(request, name)
    removed = registry.remove_alias(model, alias, actor=request.actor, now=now_ms())
    return Removed(int(removed))


def _read_model_info(model: RegisteredModel) -> ModelInfo:
    found = with_model_parts(RegisteredModel.objects.filter(pk=model.pk)).first()
    if found is None:
        raise registry_search.model_not_found(model.name)
    return model_info(found)


@endpoint("PUT", Permission.STAR, reply=Starred)
def star_model(request: StudioRequest, name: str) -> Starred:
    """Star a registered model for yourself."""
    return _set_star(request, name, True)


@endpoint("DELETE", Permission.STAR, reply=Starred)
def unstar_model(request: StudioRequest, name: str) -> Starred:
    """Remove your star from a registered model."""
    return _set_star(request, name, False)


def _set_star(request: StudioRequest, name: str, on: bool) -> Starred:
    found, user = find_model(request, name), signed_in_user(request)
    registry.star_model(found, user, on, actor=request.actor, now=now_ms())
    return Starred(on)
