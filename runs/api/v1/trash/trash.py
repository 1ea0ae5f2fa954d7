"""REST: list, restore and purge what is in the trash."""

from __future__ import annotations

from runs.access import (
    Permission,
    StudioRequest,
    check_can_edit_view,
    signed_in_user,
    workspace_of,
)
from runs.actions.trash import TrashResult, purge_trash, restore_trash
from runs.api.v1.endpoints import endpoint
from runs.api.v1.trash.schemas import (
    TrashItemInfo,
    TrashKeys,
    TrashList,
    TrashListQuery,
    TrashReply,
)
from runs.models import Role, now_ms
from runs.search.trash import TRASH_MS, find_trash, list_trash


@endpoint("GET", Permission.READ, query=TrashListQuery, reply=TrashList)
def list_trash_items(request: StudioRequest, query: TrashListQuery) -> TrashList:
    """List the trash: owners see all of it, others what they deleted."""
    page = list_trash(
        workspace_of(request),
        signed_in_user(request),
        only_own=request.role != Role.OWNER,
        words=query.words,
        before=query.before,
    )
    return TrashList(
        [
            TrashItemInfo(
                item.key,
                item.kind.value,
                item.name,
                item.place,
                item.count,
                item.size,
                item.deleted,
                item.deleted + TRASH_MS,
                item.by.username if item.by else None,
            )
            for item in page.items
        ],
        page.before,
    )


@endpoint("POST", Permission.TRASH, body=TrashKeys, reply=TrashReply)
def restore_items(request: StudioRequest, body: TrashKeys) -> TrashReply:
    """Restore items. A file that was changed since is refused with 409."""
    workspace, user = workspace_of(request), signed_in_user(request)
    chosen = find_trash(workspace, user, body.items)
    for view in chosen.views:
        check_can_edit_view(view, user, request.role)
    return _reply(
        restore_trash(
            workspace,
            chosen,
            actor=request.actor,
            role=request.role or Role.READER,
            now=now_ms(),
        )
    )


@endpoint("POST", Permission.PURGE, body=TrashKeys, reply=TrashReply)
def purge_items(request: StudioRequest, body: TrashKeys) -> TrashReply:
    """Delete items forever. Locked runs, and those of registered models, are kept."""
    workspace = workspace_of(request)
    chosen = find_trash(workspace, signed_in_user(request), body.items)
    return _reply(
        purge_trash(
            workspace,
            chosen,
            actor=request.actor,
            role=request.role or Role.READER,
            now=now_ms(),
        )
    )


def _reply(result: TrashResult) -> TrashReply:
    return TrashReply(
        result.runs,
        result.experiments,
        result.views,
        result.files,
        {skip.value: n for skip, n in result.skipped.items()},
        result.task.pk if result.task else None,
    )
