"""REST: move and remove aliases of model versions."""

from __future__ import annotations

from runs.access import Permission, StudioRequest
from runs.actions import registry
from runs.api.v1.endpoints import endpoint
from runs.api.v1.registry.lookups import find_model, find_version
from runs.api.v1.registry.replies import alias_info
from runs.api.v1.schemas import AliasInfo, AliasMove, Removed
from runs.models import now_ms


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
