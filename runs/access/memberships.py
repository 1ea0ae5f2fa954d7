"""The caller's membership in a workspace, and the role that counts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.access.best_effort_updates import update_if_idle
from runs.access.permissions import Caller, Permission
from runs.models import ApiToken, Member, Role, TokenKind, User, Workspace
from runs.storage.prepared import Prepared
from studio.core.errors import NotFound, PermissionDenied

_members_by_id = Prepared(
    lambda user, workspace: Member.objects.select_related("workspace").filter(
        user_id=user, workspace_id=workspace
    )
)
_members_by_name = Prepared(
    lambda user, name: Member.objects.select_related("workspace").filter(
        user_id=user, workspace__name=name
    )
)


def find_membership(caller: Caller, workspace_name: str | None) -> Member:
    """Return the caller's membership in the workspace of the path, or raise NotFound.

    A path without a workspace means the token's workspace, or in a browser the one that
    was used last.
    """
    assert caller.user is not None
    member = _find_named_or_default_member(caller.user, caller.token, workspace_name)
    if member is None or _is_for_other_workspace(caller.token, member):
        raise NotFound(
            _("This workspace doesn't exist, or you are not a member of it."),
            missing="workspace",
        )
    # Known already, so reading it costs no query.
    member.user = caller.user
    return member


def _is_for_other_workspace(token: ApiToken | None, member: Member) -> bool:
    """Return whether an agent's or run's token is for another workspace."""
    scoped = token is not None and token.kind != TokenKind.ORDINARY
    return scoped and token is not None and token.workspace_id != member.workspace_id


def _find_named_or_default_member(
    user: User, token: ApiToken | None, workspace_name: str | None
) -> Member | None:
    if workspace_name is None:
        workspace_id = token.workspace_id if token else user.last_workspace_id
        return _members_by_id.first(user.pk, workspace_id)
    # No workspace has such a name, and PostgreSQL refuses to look for NUL.
    return (
        _members_by_name.first(user.pk, workspace_name)
        if workspace_name.isprintable()
        else None
    )


def effective_role(member: Member, caller: Caller) -> Role:
    """Return the member's role, limited to the token's maximum role."""
    cap = caller.token.role_cap if caller.token is not None else Role.OWNER
    return Role(min(member.role, cap))


def enter_workspace(request: Any, workspace: str) -> None:
    """Authorize the caller in another workspace than the one of the path.

    Raises NotFound for people who are not members, like a path that names it.
    """
    caller = Caller(request.actor.user, request.actor.token)
    request.member = find_membership(caller, workspace)
    request.workspace = request.member.workspace
    request.role = effective_role(request.member, caller)
    check_role(Permission.READ, request.role)
    if caller.token is None:
        remember_workspace(request.actor.user, request.workspace)


def check_role(need: Permission, role: Role) -> None:
    if role < need.role:
        raise PermissionDenied(
            _("This needs the role %(need)s. Your role is %(role)s.")
            % {"need": _(need.role.label), "role": _(role.label)},
            need=need.role.label,
            role=role.label,
        )


def remember_workspace(user: User, workspace: Workspace) -> None:
    if user.last_workspace_id != workspace.pk:
        update_if_idle(User.objects.filter(pk=user.pk), last_workspace=workspace)
