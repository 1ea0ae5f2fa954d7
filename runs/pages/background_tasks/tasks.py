"""The page: what the worker does in the background, refreshed while it is open."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access, can_stop_task, check_can_stop_task
from runs.actions.background_tasks import stop_task
from runs.models import now_ms
from runs.pages.background_tasks.rows import task_row
from runs.pages.requests import (
    CountField,
    PageForm,
    PageRequest,
    content_etag,
    has_same_content,
    not_modified,
    with_vary_headers,
)
from runs.search.background_tasks import find_task, list_tasks

#: Seconds between refreshes: while a task is open, and else.
OPEN_PACE, IDLE_PACE = 2, 15


class PageOfTasks(PageForm):
    """`before` is where an older page begins."""

    before = CountField(max_digits=18)


@access(Permission.READ)
@require_safe
def tasks_page(request: PageRequest) -> HttpResponse:
    context = _live_context(request)
    html = render_to_string("background_tasks/_tasks.html", context, request)
    etag = content_etag("", html)
    if request.htmx:
        if has_same_content(request, etag):
            return not_modified(etag)
        return with_vary_headers(HttpResponse(html), etag)
    whole = {**context, "etag": etag}
    return with_vary_headers(render(request, "background_tasks/tasks.html", whole))


def _live_context(request: PageRequest) -> dict[str, Any]:
    before = PageOfTasks(request.GET).check()["before"]
    page = list_tasks(request.workspace, request.actor.user, before=before or None)
    now = now_ms()
    can_undo = request.role >= Permission.ANNOTATE.role
    return {
        "rows": [
            task_row(
                task,
                now,
                can_stop=can_stop_task(task, request.actor.user, request.role),
                can_undo=can_undo,
                is_own=task.user_id == request.actor.user.pk,
            )
            for task in page.tasks
        ],
        "pace": OPEN_PACE if page.open_count else IDLE_PACE,
        "open_count": page.open_count,
        "is_first": not before,
        "older": f"?before={page.before}" if page.before else "",
    }


@access(Permission.STAR)
@require_POST
def stop(request: PageRequest, number: int) -> HttpResponse:
    """Stop a task: members their own, owners any."""
    task = find_task(request.workspace, request.actor.user, number)
    check_can_stop_task(task, request.actor.user, request.role)
    stopped = stop_task(task, now=now_ms())
    text = _("Background task stopped.") if stopped else _("It had ended already.")
    messages.success(request, text)
    return HttpResponseRedirect(reverse("tasks", args=[request.workspace.name]))
