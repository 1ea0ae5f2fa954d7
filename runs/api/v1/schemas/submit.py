"""Schemas of resubmitted runs and of sweeps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runs.api.v1.schemas.runs import RequestStruct, RunInfo, Tags, Texts
from studio.core.sweeps import SweepPlan, check_plan


class Resubmission(RequestStruct):
    """What differs from the run that is resubmitted.

    `definition` has the keys that change; null removes one. `env` has environment
    variables that are added or replaced. Without a `priority`, that of the definition
    is used, or 0. With an `id` the request can be repeated.
    """

    id: str | None = None
    definition: dict[str, Any] = field(default_factory=dict)
    env: Texts = field(default_factory=dict)
    target: str = ""
    experiment: str = ""
    name: str = ""
    tags: Tags = field(default_factory=dict)
    priority: int | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


class SweepStart(RequestStruct):
    """What the runs of a sweep try, and when it ends them.

    `space` has the values of each argument: a list, a range `{"from": 1, "to": 5}`, or
    a distribution of v1 such as `{"loguniform": [-9, -2]}`. `sampling` grid tries all
    combinations, or the first `count`; random and bayesian try `count`. `at_once`: how
    many run at the same time. `primary_metric` and `goal` say which run is the best;
    bayesian sampling and a `policy` need them. A policy has a `type` (bandit, median or
    truncation), `evaluation_interval`, `delay_evaluation` and its own settings:
    `slack_factor` or `slack_amount`; `truncation_percentage`. The whole sweep ends
    after `max_duration_minutes`.

    `name` is a template, such as `resnet lr={lr}`. Without a `target`, that of the
    run's definition is used. `tags` are those of the child runs.
    """

    space: dict[str, Any]
    sampling: Literal["grid", "random", "bayesian"] = "grid"
    count: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    at_once: Annotated[int, Meta(ge=1)] | None = None
    primary_metric: str = ""
    goal: Literal["", "maximize", "minimize"] = ""
    policy: dict[str, Any] | None = None
    max_duration_minutes: Annotated[int, Meta(ge=1)] | None = None
    target: str = ""
    name: str = ""
    tags: Tags = field(default_factory=dict)
    priority: int | None = None

    def plan(self) -> SweepPlan:
        """Return the checked settings. Raises InvalidValue."""
        return check_plan(
            space=self.space,
            sampling=self.sampling,
            count=self.count,
            seed=self.seed,
            at_once=self.at_once,
            primary_metric=self.primary_metric,
            goal=self.goal,
            policy=self.policy,
            max_duration_minutes=self.max_duration_minutes,
        )


class NewSweep(SweepStart, kw_only=True):
    """A sweep of a run that exists.

    `run`: the run whose definition, snapshot, target and experiment are used;
    `definition` and `env` change it as in a resubmission. With an `id` for the parent
    run the request can be repeated. `SweepStart` has the rest.
    """

    run: str
    id: str | None = None
    definition: dict[str, Any] = field(default_factory=dict)
    env: Texts = field(default_factory=dict)
    experiment: str = ""


class SweepReply(Struct):
    """The parent run, and the ids of its children in the order of the queue.

    A sweep of more than 50 runs has the first ones at once, and soon all of `total`.
    A Bayesian one gets a child whenever a place is free.
    """

    run: RunInfo
    children: list[str]
    total: int


class SweepChild(Struct):
    """A run of a sweep. `best` is its best primary metric; null without any.

    `stop_reason` says why it was stopped early; else it is empty.
    """

    run: str
    name: str
    status: str
    values: dict[str, str]
    best: float | None
    stop_reason: str


class SweepInfo(Struct):
    """A sweep and its children, in the order of their creation.

    `best` is the run with the best primary metric. `closed` says why there are fewer
    children than `total`; else it is empty.
    """

    space: dict[str, Any]
    sampling: str
    seed: int | None
    at_once: int | None
    total: int
    primary_metric: str
    goal: str
    policy: dict[str, Any] | None
    closed: str
    best: str | None
    stopped: int
    children: list[SweepChild]


class EnvironmentSummary(Struct):
    """An environment with the number of its newest version, and who registered it."""

    name: str
    version: int
    created: int
    created_by: str | None


class EnvironmentList(Struct):
    environments: list[EnvironmentSummary]


class EnvironmentInfo(EnvironmentSummary):
    """A version. `versions` are the numbers of all, the newest first.

    `definition` has the keys of v1, as in the definition of a run.
    """

    versions: list[int]
    definition: dict[str, Any]


class NewEnvironment(RequestStruct):
    """`definition` has the keys of v1; its `name` and `version` are ignored."""

    definition: dict[str, Any]
