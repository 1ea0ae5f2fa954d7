"""Schemas of compute targets, agents, queues and secrets. Times are milliseconds."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runs.api.v1.schemas.runs import RequestStruct
from studio.core.statuses import RunStatus

Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class AgentInfo(Struct):
    """`health` is healthy, unreachable, draining, or stopped after it was drained.

    `busy` counts occupied slots.

    `heard` is the time of its last heartbeat; `host` and `usage` are as it reports.
    """

    id: int
    name: str
    slots: int
    busy: int
    draining: bool
    health: str
    version: str
    host: dict[str, Any]
    usage: dict[str, Any]
    heard: int


class TargetInfo(Struct):
    """A compute target, with the sums of its agents.

    `health` is healthy, degraded, unreachable, draining or no_agent.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    description: str
    paused: bool
    max_per_member: int | None
    lease_seconds: int
    health: str
    agents: list[AgentInfo]
    slots: int
    busy: int
    running: int
    queued: int
    longest_wait_ms: int | None


class TargetList(Struct):
    targets: list[TargetInfo]


class TestStepInfo(Struct):
    """`state` is done, active, failed or waiting.

    `message` has the words of the agent, of the engine or of the run.
    """

    name: str
    text: str
    state: str
    message: str


class TargetTest(Struct):
    """The run of a test, with its status and its steps."""

    run: str
    target: str
    status: str
    steps: list[TestStepInfo]


class NewTarget(RequestStruct):
    """`max_per_member`: how many runs of one member run at the same time.

    `lease_seconds`: how long an agent without a heartbeat keeps its runs. `kind` is
    agents, ray or slurm; `settings` are those of the kind.
    """

    name: str
    description: str = ""
    max_per_member: Count | None = None
    lease_seconds: Count | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


class TargetPatch(RequestStruct):
    """`max_per_member` null removes the limit. `settings` replaces all settings."""

    paused: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET
    max_per_member: Count | UnsetType | None = UNSET
    lease_seconds: Count | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


class NewAgentToken(RequestStruct):
    """`days`: until it expires."""

    name: str = ""
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class AgentTokenReply(Struct):
    """`token` is the secret, `command` the line that starts an agent with it."""

    token: str
    prefix: str
    command: str


class AgentPatch(RequestStruct):
    """`draining`: the agent takes no more runs, and finishes those that it has."""

    draining: bool


class SecretInfo(Struct):
    """A secret without its value. `created_by` and `changed_by` are user names."""

    name: str
    created: int
    created_by: str | None
    changed: int
    changed_by: str | None


class SecretList(Struct):
    secrets: list[SecretInfo]


class SecretValue(RequestStruct):
    value: str


# What agents send and get


class RegisterAgent(RequestStruct):
    """`instance` identifies the agent's state folder, so that it is found again.

    `version` is the version of its client; `host` describes its machine.
    """

    name: str
    instance: str
    slots: Count
    version: str
    host: dict[str, Any] = field(default_factory=dict)


class Registered(Struct):
    """The agent's id, how often it must send a heartbeat, and its target's kind.

    `settings` are those of the target, by its kind.
    """

    id: int
    target: str
    workspace: str
    heartbeat_seconds: int
    lease_seconds: int
    kind: str
    settings: dict[str, Any]


class EngineInfo(RequestStruct):
    """What an engine says of a job: its number there, the state, and its own words.

    `state` is queued, preparing, running, paused, finalizing, unknown, or empty.
    """

    job: str = ""
    state: str = ""
    message: str = ""


class HeldRunInfo(RequestStruct):
    """A run that the agent has, and the number of its attempt."""

    run: str
    attempt: Count
    engine: EngineInfo | None = None


class AgentBeat(RequestStruct):
    """`runs` are all runs that the agent has; only their leases are renewed.

    `draining`: the agent itself is about to end. `usage` is what it measures. Without
    a `version`, that of its registration counts.
    """

    runs: list[HeldRunInfo] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    draining: bool = False
    version: str = ""


class RunOrderInfo(Struct):
    """`state`: "yours"; "cancel": stop it; "force": kill it now; "ended": its end is
    known; "lost": kill it now, and report nothing, because another attempt may run.
    `waiting`: its slot is lent.
    """

    run: str
    attempt: int
    state: str
    waiting: bool


class AgentOrders(Struct):
    """`drain`: take no more runs. `runs`: what to do with each run. `reason`: why the
    server gives the agent no more runs; empty if a member drains it.
    """

    drain: bool
    reason: str
    runs: list[RunOrderInfo]


class TakeRuns(RequestStruct):
    """`free`: the agent's slots minus the number of all its runs; it can be negative.

    `runs` are those that it has. With `trees`, a list of run ids, it takes only these
    runs and the runs below them.
    """

    free: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
    runs: list[HeldRunInfo] = field(default_factory=list)
    trees: list[str] | None = None


class JobSnapshot(Struct):
    id: str
    size: int


class TakenJob(Struct):
    """What an agent needs to start a run. `token` is the token of the run, with which
    the snapshot is downloaded. `secrets` has the values by name.
    """

    run: str
    attempt: int
    experiment: str
    name: str
    token: str
    definition: dict[str, Any]
    secrets: dict[str, str]
    snapshot: JobSnapshot | None
    terminate_after: float | None
    kill_after: float | None


class TakenJobs(Struct):
    jobs: list[TakenJob]


class AttemptEnd(RequestStruct):
    """How an attempt ended whose runner did not report it. `outcome` is Completed,
    Failed, Canceled, or one after which the run is queued again: lost, or returned if
    the agent did not start it. A run that is lost three times in a row is Failed.
    """

    attempt: Count
    outcome: str
    message: str = ""


class RunState(Struct):
    status: RunStatus
