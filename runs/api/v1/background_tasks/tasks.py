"""REST: list background tasks, read one, stop one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    check_can_stop_task,
    signed_in_user,
    workspace_of,
)
from runs.actions import background_tasks as task_actions
from runs.api.v1.background_tasks.replies import task_info
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import TaskInfo, TaskList, TaskQuery
from runs.models import now_ms
from runs.search import background_tasks as task_search
from studio.core.errors import InvalidValue

MAX_LISTED = 1_000


@endpoint("GET", Permission.READ, query=TaskQuery, reply=TaskList)
def list_tasks(request: StudioRequest, query: TaskQuery) -> TaskList:
    """List the background tasks of the workspace, the newest first."""
    if not 1 <= query.limit <= MAX_LISTED:
        text = _("limit must be from 1 to %(max)s.")
        raise InvalidValue(text % {"max": MAX_LISTED}, field="limit")
    page = task_search.list_tasks(
        workspace_of(request),
        signed_in_user(request),
        before=query.before,
        only_open=bool(query.open),
        limit=query.limit,
    )
    return TaskList([task_info(task) for task in page.tasks], page.before)


@endpoint("GET", Permission.READ, reply=TaskInfo)
def get_task(request: StudioRequest, number: int) -> TaskInfo:
    """Read a background task: how far it is, or how it ended."""
    viewer = signed_in_user(request)
    return task_info(task_search.find_task(workspace_of(request), viewer, number))


@endpoint("POST", Permission.STAR, reply=TaskInfo)
def stop_task(request: StudioRequest, number: int) -> TaskInfo:
    """Stop a background task. What it has done stays, and can be undone.

    Members stop their own tasks, owners any. What the server does by itself is not
    stopped: purges of the trash, and the log index. A task that has ended stays as it
    is.
    """
    workspace, viewer = workspace_of(request), signed_in_user(request)
    task = task_search.find_task(workspace, viewer, number)
    check_can_stop_task(task, viewer, request.role)
    task_actions.stop_task(task, now=now_ms())
    return task_info(task_search.find_task(workspace, viewer, number))
