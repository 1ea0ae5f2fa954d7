"""Schemas of resubmitted runs and of sweeps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runs.api.v1.schemas.runs import RequestStruct, RunInfo, Tags, Texts


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


class NewSweep(RequestStruct):
    """A run for each combination of values.

    `run`: the run whose definition, snapshot, target and experiment are used;
    `definition` and `env` change it as in a resubmission. `space` has the values of
    each argument: a list, or a range `{"from": 1, "to": 5}`. `sampling` grid tries all
    combinations, random as many as `count`. `at_once`: how many run at the same time.
    `name` is a template, such as `resnet lr={lr}`. With an `id` for the parent run the
    request can be repeated.
    """

    run: str
    space: dict[str, Any]
    id: str | None = None
    definition: dict[str, Any] = field(default_factory=dict)
    env: Texts = field(default_factory=dict)
    sampling: Literal["grid", "random"] = "grid"
    count: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    at_once: Annotated[int, Meta(ge=1)] | None = None
    target: str = ""
    experiment: str = ""
    name: str = ""
    tags: Tags = field(default_factory=dict)
    priority: int | None = None


class SweepStart(RequestStruct):
    """What the runs of a sweep try, as in a sweep of another run.

    Without a `target`, that of the run's definition is used. `tags` are those of the
    child runs.
    """

    space: dict[str, Any]
    sampling: Literal["grid", "random"] = "grid"
    count: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    at_once: Annotated[int, Meta(ge=1)] | None = None
    target: str = ""
    name: str = ""
    tags: Tags = field(default_factory=dict)
    priority: int | None = None


class SweepReply(Struct):
    """The parent run, and the ids of its children in the order of the queue."""

    run: RunInfo
    children: list[str]


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
