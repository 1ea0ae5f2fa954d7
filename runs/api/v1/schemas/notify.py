"""Schemas of following, and of notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from runs.api.v1.schemas.runs import RequestStruct

#: Keys of notifications in one request.
MAX_READ = 1_000


class Followed(Struct):
    """Whether you are notified."""

    followed: bool


class NotificationQuery(RequestStruct):
    """With `unread=1` only those that are not read; `before` continues a page."""

    unread: Annotated[int, Meta(ge=0, le=1)] = 0
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class NotificationInfo(Struct):
    """About a run whose status changed from `old` to `new`, or about a comment.

    Times are milliseconds since 1970; `read` is None for an unread notification.
    """

    id: int
    time: int
    reason: Literal["run", "exp", "own", "mention", "rule", "view"]
    read: int | None
    run_id: str | None
    old: str | None
    new: str | None
    comment: int | None


class NotificationList(Struct):
    """`before` is the parameter for the next page, None on the last one."""

    notifications: list[NotificationInfo]
    before: int | None


class NotificationsToRead(RequestStruct):
    """The ids of notifications, or all up to the id `until`, or both."""

    ids: Annotated[
        list[Annotated[int, Meta(ge=1, le=2**63 - 1)]], Meta(max_length=MAX_READ)
    ] = field(default_factory=list)
    until: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class NotificationsRead(Struct):
    """How many notifications were unread until now."""

    read: int
