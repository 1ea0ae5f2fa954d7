"""REST: list, add, change and delete comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import pgettext

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import comments as comment_actions
from runs.actions.changes import version_token
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    CommentEdit,
    CommentInfo,
    CommentList,
    CommentQuery,
    CommentText,
)
from runs.models import Comment, CommentMention, Role, Run, View, now_ms
from runs.search.comments import find_comment, list_comments
from runs.search.views import find_view
from studio.core.errors import InvalidValue

PAGE = 100


@endpoint("GET", Permission.READ, query=CommentQuery, reply=CommentList)
def list_run_comments(
    request: StudioRequest, run_id: str, query: CommentQuery
) -> CommentList:
    """List the comments on a run, the oldest first."""
    return _list(find_run(request, run_id), query)


@endpoint("POST", Permission.ANNOTATE, body=CommentText, reply=CommentInfo, status=201)
def add_run_comment(
    request: StudioRequest, run_id: str, body: CommentText
) -> CommentInfo:
    """Comment on a run, in Markdown. `@name` mentions a member."""
    return _add(request, find_run(request, run_id), body)


@endpoint("GET", Permission.READ, query=CommentQuery, reply=CommentList)
def list_view_comments(
    request: StudioRequest, slug: str, query: CommentQuery
) -> CommentList:
    """List the comments on a view, the oldest first."""
    return _list(_find_view(request, slug), query)


@endpoint("POST", Permission.ANNOTATE, body=CommentText, reply=CommentInfo, status=201)
def add_view_comment(
    request: StudioRequest, slug: str, body: CommentText
) -> CommentInfo:
    """Comment on a view, in Markdown. `@name` mentions a member."""
    return _add(request, _find_view(request, slug), body)


@endpoint("PATCH", Permission.ANNOTATE, body=CommentEdit, reply=CommentInfo)
def change_comment(
    request: StudioRequest, number: int, body: CommentEdit
) -> CommentInfo:
    """Change the text of your comment."""
    comment = comment_actions.edit_comment(
        _find_comment(request, number),
        body.text,
        actor=request.actor,
        now=now_ms(),
        seen_version=None if body.seen is None else version_token(body.seen),
    )
    return comment_infos([comment])[0]


@endpoint("DELETE", Permission.ANNOTATE, reply=CommentInfo)
def delete_comment(request: StudioRequest, number: int) -> CommentInfo:
    """Delete your comment; an owner can delete any."""
    comment = _find_comment(request, number)
    info = comment_infos([comment])[0]
    comment_actions.delete_comment(
        comment,
        role=request.role or Role.READER,
        actor=request.actor,
        now=now_ms(),
    )
    return info


def _find_comment(request: StudioRequest, number: int) -> Comment:
    return find_comment(workspace_of(request), signed_in_user(request), number)


def _find_view(request: StudioRequest, slug: str) -> View:
    return find_view(slug, signed_in_user(request), workspace_of(request))


def _add(request: StudioRequest, subject: Run | View, body: CommentText) -> CommentInfo:
    made = comment_actions.add_comment(
        subject, body.text, actor=request.actor, now=now_ms()
    )
    return comment_infos([made])[0]


def _list(subject: Run | View, query: CommentQuery) -> CommentList:
    after = query.after or "0"
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InvalidValue(
            pgettext("request parameter", "after is not a cursor of this list."),
            field="after",
        )
    found = list_comments(subject, after=int(after), limit=PAGE + 1)
    shown = found[:PAGE]
    cursor = str(shown[-1].pk) if len(found) > PAGE else ""
    return CommentList(comment_infos(shown), cursor)


def comment_infos(comments: Sequence[Comment]) -> list[CommentInfo]:
    mentions: dict[int, list[str]] = defaultdict(list)
    rows = CommentMention.objects.filter(comment__in=[each.pk for each in comments])
    for key, name in rows.order_by("pk").values_list("comment_id", "user__username"):
        mentions[key].append(name)
    return [
        CommentInfo(
            each.pk,
            each.author.username if each.author else None,
            each.text,
            each.created,
            each.edited,
            mentions[each.pk],
        )
        for each in comments
    ]
