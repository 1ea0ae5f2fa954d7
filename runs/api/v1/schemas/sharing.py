"""Schemas of members, invitations, public links, and conclusions of comparisons."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from runs.api.v1.schemas.runs import RequestStruct

RoleName = Literal["reader", "contributor", "owner"]


class MemberInfo(Struct):
    number: int
    name: str
    display_name: str
    role: str


class MemberList(Struct):
    members: list[MemberInfo]


class NewRole(RequestStruct):
    role: RoleName


class InvitationInfo(Struct):
    """`expires` is in ms. Only the reply that creates it has the `link`."""

    number: int
    role: str
    created_by: str | None
    expires: int
    link: str | None


class InvitationList(Struct):
    invitations: list[InvitationInfo]


class NewPublicLink(RequestStruct):
    """Either `view` (a slug) or `run` (an ID) is shared, for `days`.

    With `feed` the newest runs of the view are an Atom feed, and there is no page.
    """

    view: str = ""
    run: str = ""
    note: str = ""
    days: int = 14
    feed: bool = False


class PublicLinkInfo(Struct):
    """Only the reply that creates it has the `link`."""

    number: int
    view: str | None
    run: str | None
    note: str
    created_by: str | None
    expires: int
    link: str | None
    feed: bool


class PublicLinkList(Struct):
    links: list[PublicLinkInfo]


class MetricGoalChoice(RequestStruct):
    """`goal` is null to remove it."""

    key: str
    goal: Literal["higher", "lower"] | None


class ConclusionQuery(RequestStruct):
    """`runs` are the IDs of the compared runs, separated by commas."""

    runs: str


class ConclusionText(RequestStruct):
    """The Markdown text replaces the conclusion; an empty one removes it."""

    runs: list[str]
    text: str


class ConclusionInfo(Struct):
    """`text` is empty where there is none; `updated` is in ms."""

    text: str
    author: str | None
    updated: int | None
