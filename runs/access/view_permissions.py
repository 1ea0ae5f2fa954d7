"""Who may change a view: asked by pages and REST before any action."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.access.permissions import Permission
from runs.models import Role, User, View, can_edit_view
from studio.core.errors import PermissionDenied


def check_can_edit_view(view: View, user: User | None, role: Role | None) -> None:
    """Raises PermissionDenied, saying why."""
    if can_edit_view(view, user, role or Role.READER):
        return
    if view.locked and (role or 0) >= Role.CONTRIBUTOR:
        raise PermissionDenied(
            _("%s locked this view. Save yours under another name.") % view.owner
        )
    raise PermissionDenied(_("A shared view is changed by contributors and owners."))


def check_can_share_views(role: Role | None) -> None:
    """Shared views are contributors'."""
    need = Permission.SHARE_VIEWS
    if (role or Role.READER) < need.role:
        raise PermissionDenied(
            _("Sharing a view needs the role %s.") % need.role.label,
            need=need.role.label,
        )


def check_can_change_view(
    view: View, changes: dict[str, Any], user: User, role: Role | None
) -> None:
    """As `check_may_edit`; whether it is shared is its owner's, the lock also the
    workspace owners' to say."""
    check_can_edit_view(view, user, role)
    is_own = view.owner_id == user.pk
    if changes.get("shared", view.shared) != view.shared:
        check_can_share_views(role)
        if not is_own:
            raise PermissionDenied(_("Only its owner makes a view private."))
    if changes.get("locked", view.locked) != view.locked and not (
        is_own or role == Role.OWNER
    ):
        raise PermissionDenied(_("Only its owner locks a view."))
