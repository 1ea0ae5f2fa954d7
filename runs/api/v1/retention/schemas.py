"""Schemas of retention rules. Sizes are bytes, times milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from runs.api.v1.schemas import RequestStruct


class RetentionRuleText(RequestStruct):
    """`what` is deleted of the runs that the filter `q` finds: `runs` as a whole, or
    only their `checkpoints`, `logs` or `media`.

    In the filter *starred* means starred by any member.
    """

    what: Literal["runs", "checkpoints", "logs", "media"]
    q: Annotated[str, Meta(min_length=1, max_length=4000)]


class RetentionSwitch(RequestStruct):
    """Whether the rule is applied."""

    enabled: bool


class RetentionRuleInfo(Struct):
    """A rule. At `removed_at` it last moved `removed` runs or files of `freed` bytes to
    the trash; null if it never has.

    `error` says why it was not applied; empty if it was.
    """

    number: int
    what: str
    q: str
    enabled: bool
    author: str | None
    created: int
    applied: int | None
    removed: int
    freed: int
    removed_at: int | None
    error: str


class RetentionRuleList(Struct):
    """The oldest first."""

    rules: list[RetentionRuleInfo]


class PlannedRemoval(Struct):
    """A run that would go, or would lose `files` files of `size` bytes."""

    run: str
    name: str
    files: int
    size: int


class RetentionTry(Struct):
    """What a rule would do now: `runs` has the 1,000 largest, `run_count` counts all.

    `kept` counts the runs that match and would stay, by reason: active, locked,
    registered, conclusion, kept_child. `starred` counts those that a `-starred` of the
    filter spares.
    """

    run_count: int
    files: int
    size: int
    kept: dict[str, int]
    runs: list[PlannedRemoval]
