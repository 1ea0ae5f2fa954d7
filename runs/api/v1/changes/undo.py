"""REST: undo a change set, or the caller's last one."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    check_role,
    is_permitted_view_change,
    signed_in_user,
    workspace_of,
)
from runs.actions.background_tasks import LARGE_CHANGE, start_undo
from runs.actions.undo import is_of_stars, undo_change_set
from runs.actions.views import undo_view_change
from runs.api.v1.background_tasks import task_info
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.schemas import UndoReply, UndoRequest
from runs.models import ChangeSet, Role, now_ms
from runs.search.background_tasks import is_large_change_set
from runs.search.run import find_change_set_in, last_change_in_workspace_by
from runs.search.views import find_view_change
from studio.core.errors import NotFound


@endpoint("POST", Permission.STAR, body=UndoRequest, reply=UndoReply)
def undo_change(
    request: StudioRequest, number: int, body: UndoRequest
) -> UndoReply | HttpResponse:
    """Undo a change of runs, experiments or an own view; an undo is undone too (redo).

    Readers can undo their stars, and contributors all changes; the lock of another
    member only an owner.

    The error is Conflict, with `later`, if a value was changed since; `anyway`
    overwrites it. A background task restores more than 1,000 values: the status is 202,
    and values that were changed since are left and listed in the task's `later`.
    """
    workspace, user = workspace_of(request), signed_in_user(request)
    try:
        # Changes of views belong to their author alone; all others are the workspace's.
        found = find_view_change(workspace, user, number)
    except NotFound:
        found = find_change_set_in(workspace, number)
    return _undo(request, found, body)


@endpoint("POST", Permission.STAR, body=UndoRequest, reply=UndoReply)
def undo_latest(request: StudioRequest, body: UndoRequest) -> UndoReply | HttpResponse:
    """Undo the last change that the caller's token made here; again: redo it."""
    found = last_change_in_workspace_by(
        workspace_of(request), signed_in_user(request), request.actor.token
    )
    if found is None:
        raise NotFound(_("You have no change to undo here."))
    return _undo(request, found, body)


def _undo(
    request: StudioRequest, change_set: ChangeSet, body: UndoRequest
) -> UndoReply | HttpResponse:
    assert request.role is not None
    if is_large_change_set(change_set, LARGE_CHANGE):
        need = Permission.STAR if is_of_stars(change_set) else Permission.ANNOTATE
        check_role(need, request.role)
        task = start_undo(
            change_set,
            actor=request.actor,
            role=need.role,
            now=now_ms(),
            anyway=body.anyway,
        )
        return json_response(UndoReply(None, task.action, task_info(task)), 202)
    actor, now, anyway = request.actor, now_ms(), body.anyway
    if is_permitted_view_change(request, change_set):
        made = undo_view_change(change_set, actor=actor, now=now, anyway=anyway)
    else:
        is_owner = request.role == Role.OWNER
        made = undo_change_set(
            change_set, actor=actor, now=now, anyway=anyway, is_owner=is_owner
        )
    return UndoReply(made.pk, made.action) if made else UndoReply(None, "")
