"""Check who can see or change a custom view, for pages and REST."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.access.permissions import (
    Caller,
    Permission,
    check_role,
    effective_role,
    find_membership,
    remember_workspace,
)
from runs.models import Role, User, View, can_edit_view
from studio.core.errors import PermissionDenied


def check_can_edit_view(view: View, user: User | None, role: Role | None) -> None:
    """Raise PermissionDenied if the user can't edit the view."""
    if can_edit_view(view, user, role or Role.READER):
        return
    if view.locked and (role or 0) >= Role.CONTRIBUTOR:
        raise PermissionDenied(
            _("%s locked this view. Save your changes as a new view.") % view.owner
        )
    raise PermissionDenied(_("Only contributors and owners can change shared views."))


def check_can_share_views(role: Role | None) -> None:
    """Raise PermissionDenied if the role can't share views."""
    need = Permission.SHARE_VIEWS
    if (role or Role.READER) < need.role:
        raise PermissionDenied(
            _("You need the role %s to share a view.") % _(need.role.label),
            need=need.role.label,
        )


def check_can_change_view(
    view: View, changes: dict[str, Any], user: User, role: Role | None
) -> None:
    """Raise PermissionDenied if the user can't make these changes.

    Only the view's owner can change whether it is shared. Workspace owners can also
    change the lock.
    """
    check_can_edit_view(view, user, role)
    is_own = view.owner_id == user.pk
    if changes.get("shared", view.shared) != view.shared:
        check_can_share_views(role)
        # The other members would lose the view.
        if not is_own:
            raise PermissionDenied(_("Only its owner can make a view private."))
    if changes.get("locked", view.locked) != view.locked and not (
        is_own or role == Role.OWNER
    ):
        raise PermissionDenied(_("Only its owner can lock a view."))


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
