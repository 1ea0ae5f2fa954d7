"""Schemas of the trash. Sizes are bytes, times milliseconds."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.api.v1.schemas import RequestStruct


class TrashListQuery(RequestStruct):
    """`words` is a part of a name, `before` the time where an older page begins."""

    words: Annotated[str, Meta(max_length=200)] = ""
    before: Annotated[int, Meta(ge=0, lt=2**62)] | None = None


class TrashItemInfo(Struct):
    """What was deleted at once: runs, an experiment, a view, or files.

    `key` names it for a restore or purge. `name` is that of the only run, experiment,
    view or file, empty for several; `place` is the experiment of runs, or the run of
    files. `size` is null where it was not added up, `by` for the server.
    """

    key: str
    kind: str
    name: str
    place: str
    count: int
    size: int | None
    deleted: int
    expires: int
    by: str | None


class TrashList(Struct):
    """Newest first. `before` is where the next page begins, null on the last one."""

    items: list[TrashItemInfo]
    before: int | None


class TrashKeys(RequestStruct):
    """The keys of up to 1,000 items."""

    items: Annotated[list[str], Meta(min_length=1, max_length=1000)]


class TrashReply(Struct):
    """How much was restored or purged; `skipped` counts the rest by reason.

    `task` is the number of the background task that does it with many runs.
    """

    runs: int
    experiments: int
    views: int
    files: int
    skipped: dict[str, int]
    task: int | None
