"""Background tasks by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import BackgroundTask, ChangeSet, Workspace
from studio.core.errors import NotFound

TASKS_PER_PAGE = 50


@dataclass(frozen=True)
class TaskPage:
    """`before` is the position of the next page; None on the last one."""

    tasks: Sequence[BackgroundTask]
    before: int | None
    #: How many of the workspace's tasks wait or run.
    open_count: int


def list_tasks(
    workspace: Workspace,
    *,
    before: int | None = None,
    only_open: bool = False,
    limit: int = TASKS_PER_PAGE,
) -> TaskPage:
    """Return a page of tasks, the newest first. Two queries."""
    rows = BackgroundTask.objects.filter(workspace=workspace)
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


def find_task(workspace: Workspace, number: int) -> BackgroundTask:
    """Return a task of the workspace; raise NotFound."""
    rows = BackgroundTask.objects.filter(workspace=workspace)
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
