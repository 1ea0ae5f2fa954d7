"""Schemas of submitted runs: definitions, tokens, their places in queues."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runs.api.v1.schemas.runs import RequestStruct


class DefinitionReply(Struct):
    """What the run executes, with the keys of a run configuration of v1."""

    definition: dict[str, Any]


class RunTokenReply(Struct):
    """`token` is a secret for the run's script."""

    token: str


class KnownTree(RequestStruct):
    """`tree` is the hash of the files: the SHA-256 of the lines `<SHA-256 of the
    content>  <path>`, in the order of the paths.
    """

    tree: str


class QueueRequest(RequestStruct):
    """A higher `priority` starts first. `max_attempts`: how often the run starts at
    most if it fails. Without them those of its definition, or 0 and 1.
    """

    target: str
    priority: int | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | None = None


class JobPatch(RequestStruct):
    """`to_top`: before all others in the queue. A higher `priority` starts first."""

    priority: int | UnsetType = UNSET
    to_top: bool = False


class AttemptInfo(Struct):
    """`outcome` is Completed, Failed, Canceled, lost or returned, and empty while it
    runs.
    """

    number: int
    agent: str
    started: int
    ended: int | None
    outcome: str
    message: str


class JobInfo(Struct):
    """A submitted run's place in the queue of its target.

    While it is queued it has a `position`, from 1, and a `reason`: no_agent,
    target_paused, no_free_slot, member_limit, sweep_limit or next. `reason_text` says
    it in words. While it runs it has an `agent`. `engine_job`, `engine_state` and
    `engine_message` are what the engine of its target says of the current attempt.
    """

    run: str
    target: str
    priority: int
    attempt: int
    max_attempts: int
    attempts: list[AttemptInfo]
    agent: str | None
    position: int | None
    reason: str | None
    reason_text: str
    waiting: bool
    queued: int
    taken: int | None
    ended: int | None
    engine_job: str
    engine_state: str
    engine_message: str


class QueuedJobInfo(Struct):
    """A queued run, with its place in the queue of its target."""

    run: str
    name: str
    experiment: str
    submitter: str | None
    target: str
    position: int
    priority: int
    attempt: int
    reason: str
    reason_text: str
    queued: int


class JobQuery(RequestStruct):
    """`target`: only its queue. `limit`: the most jobs of each target."""

    target: str = ""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000


class QueuedJobList(Struct):
    """`total` counts all queued jobs of the listed targets."""

    jobs: list[QueuedJobInfo]
    total: int


class Waiting(RequestStruct):
    """`waiting`: the run's script waits for the end of runs below it."""

    waiting: bool


class WaitingReply(Struct):
    """`waiting`: the run's slot is lent to the runs of its tree."""

    waiting: bool
