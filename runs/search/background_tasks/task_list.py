"""Background tasks by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import (
    BackgroundTask,
    BackgroundTaskQuerySet,
    ChangeSet,
    User,
    Workspace,
)
from studio.core.errors import NotFound

TASKS_PER_PAGE = 50
#: Who starred what is known to that member alone.
STAR_ACTIONS = ("star", "unstar")


@dataclass(frozen=True)
class TaskPage:
    """`before` is the position of the next page; None on the last one."""

    tasks: Sequence[BackgroundTask]
    before: int | None
    #: How many of the workspace's tasks wait or run.
    open_count: int


def list_tasks(
    workspace: Workspace,
    viewer: User | None,
    *,
    before: int | None = None,
    only_open: bool = False,
    limit: int = TASKS_PER_PAGE,
) -> TaskPage:
    """Return a page of tasks that `viewer` may see, newest first. Two queries."""
    rows = _visible_tasks(workspace, viewer)
    open_count = rows.open().count()
    if only_open:
        rows = rows.open()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    related = rows.select_related("user", "token", "change_set")
    found = list(related.order_by("-pk")[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    return TaskPage(shown, shown[-1].pk if more else None, open_count)


def _visible_tasks(workspace: Workspace, viewer: User | None) -> BackgroundTaskQuerySet:
    """Return the tasks without those that change the stars of others."""
    is_of_stars = Q(action__in=STAR_ACTIONS) | Q(change_set__is_personal=True)
    rows = BackgroundTask.objects.filter(workspace=workspace)
    return rows.exclude(is_of_stars & ~Q(user=viewer))


def find_task(workspace: Workspace, viewer: User | None, number: int) -> BackgroundTask:
    """Return a task that `viewer` may see; raise NotFound."""
    rows = _visible_tasks(workspace, viewer)
    # A longer number can exceed 64 bits, which both databases refuse.
    found = rows.filter(pk=number) if number < 2**63 else rows.none()
    task = found.select_related("workspace", "user", "token", "change_set").first()
    if task is None:
        text = _("There is no background task %(number)s.")
        raise NotFound(text % {"number": number})
    return task


def is_large_change_set(change_set: ChangeSet, limit: int) -> bool:
    """Whether it has more changes than that; it reads no more of them."""
    rows = change_set.changes.order_by("pk").values_list("pk", flat=True)
    return bool(rows[limit : limit + 1])
