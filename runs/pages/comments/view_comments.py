"""The comments of a custom view."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.access import Permission, access, view_by_method
from runs.models import View
from runs.pages.comments.comment_lists import (
    comments_context,
    comments_stamp,
    new_comment_editor,
    open_editor_context,
    poll_context,
    suggest_mentions,
)
from runs.pages.descriptions import (
    DescriptionEditor,
    save_description,
    show_suggestions,
)
from runs.pages.lists import saved_view_href
from runs.pages.requests import PageRequest
from runs.search.comments import list_newest_comments
from runs.search.views import find_view


@access(Permission.READ)
def _show_comments(request: PageRequest, slug: str) -> HttpResponse:
    view = find_view(slug, request.actor.user, request.workspace)
    if request.htmx and "seen" in request.GET:
        # Texts are read and rendered only if something changed since the last poll.
        light, _has_older = list_newest_comments(view, light=True)
        if request.GET["seen"] == comments_stamp(light):
            return HttpResponse(status=204)
    context = comments_context(request, view)
    context |= poll_context(request.path, context)
    if request.htmx:
        return render(request, "comments/_comment_list.html", context)
    context |= _frame(request, view)
    context |= open_editor_context(request, _editor(request, view))
    return render(request, "comments/view_comments.html", context)


@access(Permission.ANNOTATE)
def _add_comment(request: PageRequest, slug: str) -> HttpResponse:
    view = find_view(slug, request.actor.user, request.workspace)
    return save_description(request, _editor(request, view))


view_comments = view_by_method(GET=_show_comments, POST=_add_comment)


@access(Permission.ANNOTATE)
@require_safe
def complete_view_comment(request: PageRequest, slug: str) -> HttpResponse:
    """Complete mentions of members."""
    find_view(slug, request.actor.user, request.workspace)
    text = request.GET.get("text", "")
    found = suggest_mentions(request, text) if text.startswith("@") else []
    return show_suggestions(request, found)


def _frame(request: PageRequest, view: View) -> dict[str, Any]:
    return {
        "view": view,
        "view_href": saved_view_href(request.workspace.name, view, None),
    }


def _editor(request: PageRequest, view: View) -> DescriptionEditor:
    path = reverse("view-comments", args=[request.workspace.name, view.slug])
    frame = _frame(request, view)
    return new_comment_editor(
        request, view, path, "comments/comment_editor.html", frame
    )
