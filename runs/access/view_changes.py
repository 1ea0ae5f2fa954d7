"""Who can undo a change of a view."""

from __future__ import annotations

from runs.access.permissions import (
    Permission,
    StudioRequest,
    check_role,
    signed_in_user,
    workspace_of,
)
from runs.access.view_permissions import check_can_change_view
from runs.actions.comments import COMMENT_FIELD
from runs.actions.undo import is_of_stars
from runs.models import ChangeSet
from runs.search.views import find_view


def is_permitted_view_change(request: StudioRequest, change_set: ChangeSet) -> bool:
    """Whether it is a change of a view.

    Raises PermissionDenied if the user can no longer make this change, and NotFound for
    a view that was made private since.
    """
    assert request.role is not None
    rows = change_set.changes.exclude(view=None).select_related("view__owner")
    changes = list(rows)
    if not changes:
        # Readers have stars of their own.
        need = Permission.STAR if is_of_stars(change_set) else Permission.ANNOTATE
        check_role(need, request.role)
        return False
    user = signed_in_user(request)
    # A star or comment is the user's own, so it needs no right to change the view.
    back = {
        c.field: c.before
        for c in changes
        if c.field != "starred" and not c.field.startswith(COMMENT_FIELD)
    }
    if len(back) < len(changes) and changes[0].field != "starred":
        check_role(Permission.ANNOTATE, request.role)
    view = changes[0].view
    if view is not None:
        workspace = workspace_of(request)
        find_view(view.slug, user, workspace, deleted=view.deleted is not None)
    if view is not None and back:
        check_can_change_view(view, back, user, request.role)
    return True
