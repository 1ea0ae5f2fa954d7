"""The tab *Comments* of the run page."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from runs.access import Permission, access, view_by_method
from runs.pages.comments.comment_lists import (
    comments_context,
    new_comment_editor,
    open_editor_context,
    suggest_mentions,
)
from runs.pages.descriptions import (
    DescriptionEditor,
    complete_run_reference,
    save_description,
    show_suggestions,
)
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    find_run_head,
    head_context,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.search.run import RunHead

#: Seconds between polls, also of a run that has ended.
REFRESH_SECONDS = 15


@access(Permission.READ)
def _show_comments(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    pace = head_context(request, head)["pace"] or REFRESH_SECONDS
    context = {
        **comments_context(request, head.run),
        **open_editor_context(request, _editor(request, head)),
        "tab_template": "comments/_run_comments.html",
        "pace": pace,
    }
    return show_run_tab(request, head, "comments", etag, context)


@access(Permission.ANNOTATE)
def _add_comment(request: PageRequest, run_id: str) -> HttpResponse:
    return save_description(request, _editor(request, find_run_head(request, run_id)))


run_comments = view_by_method(GET=_show_comments, POST=_add_comment)


@access(Permission.ANNOTATE)
@require_safe
def complete_run_comment(request: PageRequest, run_id: str) -> HttpResponse:
    """Complete references, and mentions of members."""
    text = request.GET.get("text", "")
    if not text.startswith("@"):
        return complete_run_reference(request, run_id=run_id)
    find_run_head(request, run_id)
    return show_suggestions(request, suggest_mentions(request, text))


def _editor(request: PageRequest, head: RunHead) -> DescriptionEditor:
    frame = head_context(request, head)
    return new_comment_editor(
        request, head.run, f"{frame['path']}comments/", "run/run_editor.html", frame
    )
