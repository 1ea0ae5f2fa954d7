"""Mark notifications as read."""

from __future__ import annotations

from collections.abc import Collection

from runs.models import Notification, User


def mark_read(user: User, keys: Collection[int], *, now: int) -> int:
    """Mark these notifications of the person; return how many were unread."""
    rows = Notification.objects.filter(user=user, pk__in=keys, read__isnull=True)
    return rows.update(read=now)


def mark_all_read(user: User, *, until: int, now: int) -> int:
    """Mark all up to the key `until`: newer ones were not seen yet."""
    rows = Notification.objects.filter(user=user, pk__lte=until, read__isnull=True)
    return rows.update(read=now)
