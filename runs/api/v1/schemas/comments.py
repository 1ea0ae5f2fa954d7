"""Schemas of comments."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runs.api.v1.schemas.runs import RequestStruct, RunInfo


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


class OneRunQuery(RequestStruct):
    """`comments` is 1 to get the run's newest comments, at most 500."""

    comments: Annotated[int, Meta(ge=0, le=1)] = 0


class OneRun(RunInfo):
    """A run, with its comments if the request asks for them."""

    comments: list[CommentInfo] | UnsetType = UNSET


class CommentQuery(RequestStruct):
    after: str = ""


class CommentText(RequestStruct):
    # An empty text is refused after the run or view is found, as for a missing one.
    text: str = ""


class CommentEdit(RequestStruct):
    """With `seen`, the text that you read, a change since then is a Conflict."""

    text: str
    seen: str | None = None
