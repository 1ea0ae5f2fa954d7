"""What both lists of comments share: the lines, the editor, and completion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from runs.access import Permission
from runs.actions.comments import add_comment, is_author
from runs.models import Comment, Role, Run, View, now_ms
from runs.pages.descriptions import DescriptionEditor, render_description
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal, toast_header
from runs.pages.undo import last_undo_href
from runs.render.comments import find_mentions, link_mentions
from runs.search.comments import (
    find_members_by_name,
    list_newest_comments,
    suggest_members,
)
from runs.search.descriptions import ReferenceSuggestion

EDITOR_ID = "comment-editor"


@dataclass(frozen=True)
class CommentLine:
    """A comment as the page shows it; `path` is its own address."""

    comment: Comment
    html: SafeString | str
    path: str
    can_edit: bool
    can_delete: bool


def comments_context(request: PageRequest, subject: Run | View) -> dict[str, Any]:
    """Return the context of `_comment_list.html`."""
    comments, has_older = list_newest_comments(subject)
    return {
        "comments": _comment_lines(request, subject, comments),
        "stamp": comments_stamp(comments),
        "shown_comments": len(comments) if has_older else 0,
        "comment_refusal": role_refusal(request, Permission.ANNOTATE),
    }


def poll_context(path: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Return the address that brings the list once it has changed.

    The run page follows its run instead.
    """
    return {"poll": f"{path}?seen={context['stamp']}"}


def comments_stamp(comments: Sequence[Comment]) -> str:
    """Return a text that differs when a comment was added, edited or deleted."""
    # The first one too: with a deletion an older comment joins a full list.
    first, last = (comments[0].pk, comments[-1].pk) if comments else (0, 0)
    edited = max((each.edited or 0 for each in comments), default=0)
    return f"{len(comments)}.{first}.{last}.{edited}"


def _comment_lines(
    request: PageRequest, subject: Run | View, comments: Iterable[Comment]
) -> list[CommentLine]:
    run = subject if isinstance(subject, Run) else None
    shown = [(each, render_description(request, each.text, run)) for each in comments]
    mentioned = {name for _each, html in shown for name in find_mentions(html)}
    # All names are looked up together: one query, however many comments there are.
    members = find_members_by_name(request.workspace, mentioned)
    home = reverse("members", args=[request.workspace.name])
    hrefs = {name: f"{home}#member-{key}" for name, key in members.items()}
    can_write = not role_refusal(request, Permission.ANNOTATE)
    is_owner = request.role >= Role.OWNER
    return [
        CommentLine(
            each,
            link_mentions(html, hrefs),
            reverse("comment", args=[request.workspace.name, each.pk]),
            can_write and is_author(each, request.actor),
            can_write and (is_author(each, request.actor) or is_owner),
        )
        for each, html in shown
    ]


def new_comment_editor(
    request: PageRequest, subject: Run | View, path: str, page: str, frame: Any
) -> DescriptionEditor:
    """Return the editor of a new comment, which is open below the list."""
    return DescriptionEditor(
        part=EDITOR_ID,
        path=path,
        back=path,
        stored="",
        text="",
        write=lambda text, _seen: add_comment(
            subject, text, actor=request.actor, now=now_ms()
        ),
        saved=lambda _message: _show_added_comment(request, subject, path),
        frame=frame,
        page=page,
        heading=_("New comment"),
        is_open=True,
        mentions=True,
        links=f"{path}known/",
    )


def _show_added_comment(
    request: PageRequest, subject: Run | View, path: str
) -> HttpResponse:
    """Show the list again, and an empty editor."""
    undo = last_undo_href(request)
    if not request.htmx:
        messages.success(request, _("Comment added"), extra_tags=undo)
        return redirect(f"{path}#{EDITOR_ID}")
    context = {
        **comments_context(request, subject),
        **open_editor_context(
            request, new_comment_editor(request, subject, path, "", {})
        ),
    }
    if isinstance(subject, View):
        context |= poll_context(path, context)
    response = render(request, "comments/_added_comment.html", context)
    response["HX-Trigger"] = toast_header(_("Comment added"), undo)
    return response


def open_editor_context(
    request: PageRequest, editor: DescriptionEditor
) -> dict[str, Any]:
    """Return the context of the open editor; nothing for a reader."""
    if role_refusal(request, Permission.ANNOTATE):
        return {}
    return editor.context("", seen="-")


def suggest_mentions(request: PageRequest, text: str) -> list[ReferenceSuggestion]:
    """Return the members whose name begins with the text after `@`."""
    # PostgreSQL refuses NUL characters in texts.
    part = text.removeprefix("@").replace("\0", "")[:150]
    found = suggest_members(request.workspace, part)
    return [
        ReferenceSuggestion(f"@{each.username}", each.display_name) for each in found
    ]
