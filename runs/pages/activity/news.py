"""How many changes came since an open page was loaded."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import now_ms
from runs.pages.activity.activity_state import ActivityState
from runs.pages.activity.open_tasks import open_tasks
from runs.pages.requests import (
    PageRequest,
    content_etag,
    has_same_content,
    not_modified,
    with_vary_headers,
)
from runs.search.activity import activity_query, count_newer

MAX_NEWS = 99


@access(Permission.READ)
@require_safe
def activity_news(request: PageRequest) -> HttpResponse:
    """Show a link to the page if there is anything new since the cursor `since`."""
    state = ActivityState.read(request.GET)
    query = activity_query(
        state.wanted, request.actor.user, request.workspace, now=now_ms()
    )
    count = count_newer(query, request.GET.get("since", ""), MAX_NEWS + 1)
    path = reverse("activity", args=[request.workspace.name])
    context = {
        "count": min(count, MAX_NEWS),
        "is_more": count > MAX_NEWS,
        "here": state.href(path),
        "tasks": open_tasks(request, state),
    }
    response = render(request, "activity/_activity_news.html", context)
    etag = content_etag("", response.content.decode())
    if has_same_content(request, etag):
        return not_modified(etag)
    return with_vary_headers(response, etag)
