"""Who can stop a background task."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import SERVER_KINDS, BackgroundTask, Role, User
from studio.core.errors import InvalidState, PermissionDenied


def can_stop_task(task: BackgroundTask, user: User, role: Role | None) -> bool:
    """Return whether a member can stop a task: their own, or as an owner any.

    What the server does by itself would begin again.
    """
    if role is None or task.kind in SERVER_KINDS:
        return False
    return role >= Role.OWNER or task.user_id == user.pk


def check_can_stop_task(task: BackgroundTask, user: User, role: Role | None) -> None:
    """Raise PermissionDenied or InvalidState unless the member can stop the task."""
    if task.kind in SERVER_KINDS:
        raise InvalidState(_("The server does this by itself. It can't be stopped."))
    if not can_stop_task(task, user, role):
        raise PermissionDenied(_("Only who started it, or an owner, can stop it."))
