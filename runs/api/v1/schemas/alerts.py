"""Schemas of alert rules and fired alerts. Times are milliseconds since 1970."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from runs.api.v1.schemas.runs import RequestStruct

ConditionName = Literal[
    "status",
    "duration",
    "metric",
    "queue",
    "heartbeat",
    "count",
    "log",
    "entered",
    "left",
]


class AlertRuleText(RequestStruct):
    """A whole rule: what is left out has the default.

    The condition `status` has `statuses`. `duration`, `queue` and `heartbeat` have
    `minutes`. `count` has `statuses`, `runs` and `minutes`. `log` has `text`, a part of
    a line. `metric` has `metric`, `op`, `value` and `nan`. `entered` and `left` have
    `view`, the slug of a view. `recipients` are user names of members, and `channels`
    are names of channels. Each run that matches gets the tag `tag` with `tag_value`, if
    there is one, and is canceled with `cancel`.
    """

    name: str
    condition: ConditionName
    q: str = ""
    statuses: list[str] = field(default_factory=list)
    minutes: int | None = None
    runs: int | None = None
    text: str = ""
    metric: str = ""
    op: Literal[">", "<"] = ">"
    value: float | None = None
    nan: bool = False
    view: str = ""
    severity: Annotated[int, Meta(ge=0, le=4)] = 2
    enabled: bool = True
    to_submitter: bool = False
    throttle: int = 30
    resolve_after: int | None = None
    recipients: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    tag: str = ""
    tag_value: str = ""
    cancel: bool = False


class AlertRuleInfo(Struct):
    """`error` says why the filter could not be used; it is empty if it could."""

    number: int
    name: str
    condition: str
    q: str
    statuses: list[str]
    minutes: int | None
    runs: int | None
    text: str
    metric: str
    op: str
    value: float | None
    nan: bool
    view: str
    severity: int
    enabled: bool
    to_submitter: bool
    throttle: int
    resolve_after: int | None
    recipients: list[str]
    channels: list[str]
    tag: str
    tag_value: str
    cancel: bool
    author: str | None
    error: str


class AlertRuleList(Struct):
    rules: list[AlertRuleInfo]


class AlertRuleSwitch(RequestStruct):
    enabled: bool


class FiredAlertQuery(RequestStruct):
    """`before` continues a page."""

    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class FiredAlertInfo(Struct):
    """`run_id` is the latest run that matched; `matches` counts all of them.

    `run_name` stays when the run is deleted forever, and `run_id` is None then.

    `outcomes` counts the runs that the rule `tagged` and `canceled`, and those that it
    skipped: `locked`, `ended` (or a cancel was requested), `trashed`, `role` (the
    rule's author was no contributor), `failed` (the change was refused).
    """

    number: int
    rule: int
    rule_name: str
    severity: int
    run_id: str | None
    run_name: str
    started: int
    last: int
    matches: int
    acknowledged: int | None
    acknowledged_by: str | None
    resolved: int | None
    outcomes: dict[str, int]


class FiredAlertList(Struct):
    """`before` is the parameter for the next page, None on the last one."""

    alerts: list[FiredAlertInfo]
    before: int | None


class TestMessageSent(Struct):
    """The test message is on its way to `user`."""

    user: str
