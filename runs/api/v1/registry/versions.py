"""REST: register, list, read, change, tag and delete versions, and read their files."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpResponseBase
from django.utils.translation import pgettext

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import registry
from runs.api.registered_sources import check_source_in_scope
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.registry.models import find_model, find_version
from runs.api.v1.registry.replies import version_info, with_version_parts
from runs.api.v1.schemas import (
    NewVersion,
    Removed,
    TextEdit,
    TextReply,
    VersionInfo,
    VersionList,
    VersionPatch,
    VersionQuery,
)
from runs.models import ModelStage, ModelVersion, RegisteredModel, now_ms
from runs.search import registry as registry_search
from runs.search.registry import filter_versions
from runs.search.sql import time_limit
from studio.core.errors import InvalidValue


@endpoint("GET", Permission.READ, query=VersionQuery, reply=VersionList)
def list_all_versions(request: StudioRequest, query: VersionQuery) -> VersionList:
    """List the versions of all models, the newest first."""
    workspace = workspace_of(request)
    models = RegisteredModel.objects.filter(workspace=workspace, pk=OuterRef("model"))
    # With a join, SQLite sorts all versions for one page. Of each model's latest one
    # there are few.
    condition = Q(model__workspace=workspace) if query.latest else Exists(models)
    rows = ModelVersion.objects.filter(condition)
    return _version_list(request, rows, query, "pk")


@endpoint("GET", Permission.READ, query=VersionQuery, reply=VersionList)
def list_versions(
    request: StudioRequest, name: str, query: VersionQuery
) -> VersionList:
    """List the versions of a model, the newest first."""
    model = find_model(request, name)
    rows = ModelVersion.objects.filter(model=model)
    return _version_list(request, rows, query, "number")


def _version_list(
    request: StudioRequest,
    rows: QuerySet[ModelVersion],
    query: VersionQuery,
    order: str,
) -> VersionList:
    """Return a page; its cursor is a value of the column `order`."""
    if query.q:
        rows = filter_versions(rows, query.q, signed_in_user(request), now_ms())
    if query.run:
        rows = rows.filter(run__run_id=query.run)
    if query.latest:
        rows = rows.filter(number=F("model__latest_version"))
    if query.after:
        rows = rows.filter(**{f"{order}__lt": _parse_cursor(query.after)})
    with time_limit():
        found = list(with_version_parts(rows).order_by(f"-{order}")[: query.limit + 1])
    shown = found[: query.limit]
    after = str(getattr(shown[-1], order)) if len(found) > query.limit else ""
    return VersionList([version_info(one) for one in shown], after)


def _parse_cursor(text: str) -> int:
    # More digits can exceed 64 bits, which both databases refuse.
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidValue(
            pgettext("request parameter", "after is not a cursor of this list."),
            field="after",
        )
    return int(text)


@endpoint(
    "POST",
    Permission.LOG,
    body=NewVersion,
    reply=VersionInfo,
    status=201,
    scoped_tokens=True,
)
def register_version(
    request: StudioRequest, name: str, body: NewVersion
) -> HttpResponseBase:
    """Register files of a run or of a logged model as the next version of a model.

    The model is created if needed. A source that names anything else, or what is
    deleted, is refused.
    """
    workspace, now = workspace_of(request), now_ms()
    check_source_in_scope(request, body.source, run_id=body.run)
    version = registry.register_version(
        workspace,
        name,
        body.source,
        registry.VersionDetails(
            description=body.description,
            tags=body.tags,
            properties=body.properties,
            framework=body.framework,
            framework_version=body.framework_version,
        ),
        run_id=body.run,
        host=request.get_host(),
        request_id=body.id,
        create=True,
        actor=request.actor,
        now=now,
    )
    # A repeated request returns the version that the first one created.
    return json_response(
        _read_version_info(version), 201 if version.created == now else 200
    )


@endpoint("GET", Permission.READ, reply=VersionInfo)
def get_version(request: StudioRequest, name: str, version: int) -> VersionInfo:
    """Read one version."""
    return _read_version_info(find_version(request, name, version))


@endpoint("PATCH", Permission.ANNOTATE, body=VersionPatch, reply=VersionInfo)
@transaction.atomic
def change_version(
    request: StudioRequest, name: str, version: int, body: VersionPatch
) -> VersionInfo:
    """Describe a version, set its stage, or add properties to it."""
    found = find_version(request, name, version)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    if isinstance(body.description, str):
        registry.update_version(found, body.description, **who)
    if body.properties:
        registry.add_version_properties(found, body.properties, **who)
    if isinstance(body.stage, str):
        stage = ModelStage(body.stage)
        registry.set_stage(found, stage, archive_existing=body.archive_existing, **who)
    return _read_version_info(found)


@endpoint("DELETE", Permission.TRASH, reply=Removed)
def delete_version(request: StudioRequest, name: str, version: int) -> Removed:
    """Delete a version that no alias points to. Its files stay."""
    found = find_version(request, name, version)
    registry.delete_version(found, actor=request.actor, now=now_ms())
    return Removed(1)


@endpoint("POST", Permission.ANNOTATE, body=TextEdit, reply=TextReply)
@transaction.atomic
def edit_version_tags(
    request: StudioRequest, name: str, version: int, body: TextEdit
) -> TextReply:
    """Set and remove tags of a version."""
    found = find_version(request, name, version)
    who: dict[str, Any] = {"actor": request.actor, "now": now_ms()}
    for key, value in body.set.items():
        registry.set_version_tag(found, key, value, **who)
    for key in body.remove:
        if key not in body.set:
            registry.delete_version_tag(found, key, **who)
    return TextReply(_read_version_info(found).tags)


def _read_version_info(version: ModelVersion) -> VersionInfo:
    return version_info(registry_search.find_version(version.model, version.number))
