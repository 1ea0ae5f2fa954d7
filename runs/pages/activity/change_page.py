"""The page of one change set, with all its changes in parts."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.activity.entries import build_entry, changed_values
from runs.pages.requests import PageRequest, with_vary_headers
from runs.search.activity import find_visible_set, list_changes_of, undone_sets

ROWS = 100


@access(Permission.READ)
@require_safe
def change_page(request: PageRequest, number: int) -> HttpResponse:
    found = find_visible_set(request.workspace, request.actor.user, number)
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
    changes, has_more = list_changes_of(found, after=after, limit=ROWS)
    undone = undone_sets([found])
    path = reverse("activity", args=[request.workspace.name])
    context = {
        "entry": build_entry(request, found, changes, undone, {}),
        "values": changed_values(changes, request.workspace.name),
        "undid": undone.get(found.pk, ()),
        "older": f"?after={changes[-1].pk}" if has_more else "",
        "newest": "?" if after else "",
        "path": path,
    }
    return with_vary_headers(render(request, "activity/change.html", context))
