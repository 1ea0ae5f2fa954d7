"""Schemas of comments."""

from __future__ import annotations

from msgspec import Struct

from runs.api.v1.schemas.runs import RequestStruct


class CommentInfo(Struct):
    """`text` is Markdown; `mentions` are user names of members. Times are ms."""

    id: int
    author: str | None
    text: str
    created: int
    edited: int | None
    mentions: list[str]


class CommentList(Struct):
    """`after` is the cursor of the next page, empty on the last one."""

    comments: list[CommentInfo]
    after: str


class CommentQuery(RequestStruct):
    after: str = ""


class CommentText(RequestStruct):
    # An empty text is refused after the run or view is found, as for a missing one.
    text: str = ""


class CommentEdit(RequestStruct):
    """With `seen`, the text that you read, a change since then is a Conflict."""

    text: str
    seen: str | None = None
