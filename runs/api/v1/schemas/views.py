"""Schemas of custom views, their revisions and differences."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runs.api.v1.schemas.runs import RequestStruct

#: The run list's parameters by name; switches are `true`.
StateJson = dict[str, Any]


class ViewInfo(Struct):
    """A view. `state` is the newest revision's state; `query` is it as a query string.

    `experiment` is the name of the experiment that it lists, null for All runs.
    `missing` describes parts that no longer exist on this server.
    """

    slug: str
    name: str
    description: str
    owner: str | None
    shared: bool
    locked: bool
    starred: bool
    experiment: str | None
    revision: int
    state: StateJson
    query: str
    missing: list[str]
    created: int
    updated: int


class ViewList(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    views: list[ViewInfo]
    after: str


class ViewQuery(RequestStruct):
    """`find`: words of the name or description. `only`: shared, mine, or all."""

    find: str = ""
    only: str = "all"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


class NewView(RequestStruct):
    """`state` is as in ViewInfo; `experiment` an experiment's name, null: All runs."""

    name: str
    state: StateJson = field(default_factory=dict)
    description: str = ""
    shared: bool = False
    locked: bool = False
    experiment: str | None = None


class ViewPatch(RequestStruct):
    """`state` or `experiment` adds a revision. Then `revision` is the newest known
    revision.

    409 if there is a newer one: `now` is its number, `differences` describes its
    changes.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    state: StateJson | UnsetType = UNSET
    experiment: str | UnsetType | None = UNSET
    revision: int | UnsetType = UNSET


class RevisionInfo(Struct):
    """A revision. `restored` is the number of the revision that it restored."""

    number: int
    time: int
    author: str | None
    experiment: str | None
    state: StateJson
    restored: int | None


class RevisionList(Struct):
    revisions: list[RevisionInfo]


class RevisionChoice(RequestStruct):
    """`seen`: the newest revision that the caller knows; by default unchecked."""

    seen: int | None = None


class DiffQuery(RequestStruct):
    """From revision `old` to `new`; by default to the newest one."""

    old: int
    new: int | None = None


class DifferenceInfo(Struct):
    """`part` is what differs; `before` or `after` can be empty."""

    part: str
    before: str
    after: str
    text: str


class ViewDiff(Struct):
    """`summary` is the text of the page, such as `+1 filter, −2 columns`."""

    summary: str
    differences: list[DifferenceInfo]


class CloneTo(RequestStruct):
    """`workspace`: another workspace of the caller. The copy is private."""

    workspace: str
    name: str | None = None


class DefaultChoice(RequestStruct):
    """`view` is a slug, or `default` for the built-in view; null removes the default.

    `experiment` is the list's experiment, null for All runs. `everybody` is for owners.
    """

    view: str | None
    experiment: str | None = None
    everybody: bool = False


class DefaultQuery(RequestStruct):
    experiment: str | None = None


class DefaultReply(Struct):
    """The caller's default view of the list; null for the built-in view."""

    view: str | None
