"""The inbox of a person: notifications of workspaces that they can still see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from runs.models import Notification, User, Workspace
from runs.search.notify.pages import read_newest
from runs.storage.prepared import PreparedRows

#: The badge counts up to this number.
MAX_BADGE = 99
#: Entries of one page.
PAGE_SIZE = 50
#: The tabs of the inbox.
INBOX_FILTERS: Mapping[str, Q] = {
    "all": Q(),
    "unread": Q(read__isnull=True),
    "mentions": Q(comment__isnull=False),
    "alerts": Q(rule__isnull=False),
}


@dataclass(frozen=True)
class InboxPage:
    """Notifications, the newest first; `older` is the key to continue before."""

    entries: list[Notification]
    older: int | None


def list_inbox(
    user: User,
    tab: str = "all",
    before: int | None = None,
    *,
    workspace: Workspace | None = None,
) -> InboxPage:
    """Return a page of the person's inbox, of one workspace or of all."""
    rows = _visible(user).filter(INBOX_FILTERS[tab])
    if workspace is not None:
        rows = rows.filter(workspace=workspace)
    rows = rows.select_related(
        "workspace",
        "event__run__experiment",
        "follow",
        "rule",
        "view",
        "run__experiment",
        "comment__author",
        "comment__run",
        "comment__view",
    )
    return InboxPage(*read_newest(rows, PAGE_SIZE, before))


def count_inbox(user: User) -> dict[str, int]:
    """Count the notifications of each tab, up to one more than `MAX_BADGE`."""
    rows = _visible(user)
    return {
        tab: rows.filter(condition).order_by()[: MAX_BADGE + 1].count()
        for tab, condition in INBOX_FILTERS.items()
    }


def _visible(user: User) -> QuerySet[Notification]:
    # A comment that was deleted, or whose view became private, is seen no more.
    seen = Q(comment__isnull=True) | Q(
        Q(comment__view__isnull=True)
        | Q(comment__view__shared=True)
        | Q(comment__view__owner=user),
        comment__deleted__isnull=True,
    )
    of_view = Q(view__isnull=True) | Q(view__shared=True) | Q(view__owner=user)
    rows = Notification.objects.filter(user=user, workspace__members__user=user)
    return rows.filter(seen, of_view)


#: Unread notifications, up to one more than `MAX_BADGE`: every page shows the badge.
unread_notifications = PreparedRows(
    lambda user: (
        _visible(user)
        .filter(read__isnull=True)
        .order_by("-pk")
        .values_list("pk", flat=True)[: MAX_BADGE + 1]
    )
)
