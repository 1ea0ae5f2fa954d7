"""Who can stop a background task."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import BackgroundTask, Role, User
from studio.core.errors import PermissionDenied


def can_stop_task(task: BackgroundTask, user: User, role: Role | None) -> bool:
    """Return whether a member can stop a task: their own, or as an owner any."""
    return role is not None and (role >= Role.OWNER or task.user_id == user.pk)


def check_can_stop_task(task: BackgroundTask, user: User, role: Role | None) -> None:
    """Raise PermissionDenied unless the member can stop the task."""
    if not can_stop_task(task, user, role):
        raise PermissionDenied(_("Only who started it, or an owner, can stop it."))
