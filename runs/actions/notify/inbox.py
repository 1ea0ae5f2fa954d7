"""Mark notifications as read."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from runs.models import Notification, User, Workspace


def mark_read(
    user: User,
    keys: Collection[int],
    *,
    workspace: Workspace | None = None,
    now: int,
) -> int:
    """Mark these notifications of the person; return how many were unread."""
    return _unread(user, workspace).filter(pk__in=keys).update(read=now)


def mark_all_read(
    user: User, *, until: int, workspace: Workspace | None = None, now: int
) -> int:
    """Mark all up to the key `until`: newer ones were not seen yet."""
    return _unread(user, workspace).filter(pk__lte=until).update(read=now)


def _unread(user: User, workspace: Workspace | None) -> QuerySet[Notification]:
    """Those of one workspace, or without one of all."""
    rows = Notification.objects.filter(user=user, read__isnull=True)
    return rows if workspace is None else rows.filter(workspace=workspace)
