"""The compute targets of a workspace: health, slots in use, queue lengths, changes.

Targets are read in four queries, however many targets, agents and jobs there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Count, Min

from runs.models import (
    AGENT_TIMEOUT_MS,
    LOCAL_TARGET,
    Agent,
    ChangeSet,
    ComputeTarget,
    Job,
    Workspace,
)
from runs.search.compute.engines import EngineCapacity, read_engine
from studio.core.compute_kinds import EngineState


class Health(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNREACHABLE = "unreachable"
    DRAINING = "draining"
    # An agent that was drained, ended its runs and sends no more heartbeats.
    STOPPED = "stopped"
    NO_AGENT = "no_agent"


@dataclass(frozen=True)
class AgentSummary:
    agent: Agent
    #: Jobs that occupy a slot.
    busy: int
    #: Jobs of the agent, also those that lend their slot to child runs.
    running: int
    health: Health
    host: dict[str, Any]
    usage: dict[str, Any]

    @property
    def takes_runs(self) -> bool:
        return self.health is Health.HEALTHY

    @property
    def slots(self) -> int:
        return 0 if self.health is Health.STOPPED else self.agent.slots

    @property
    def free(self) -> int:
        return max(0, self.slots - self.busy) if self.takes_runs else 0


@dataclass(frozen=True)
class TargetSummary:
    target: ComputeTarget
    agents: tuple[AgentSummary, ...]
    health: Health
    running: int
    queued: int
    #: Milliseconds that the oldest queued job has waited; None without one.
    longest_wait: int | None
    engine: EngineCapacity | None = None
    #: How many of the queued jobs wait in the queue of the engine.
    in_engine_queue: int = 0

    @property
    def slots(self) -> int:
        return sum(each.slots for each in self.agents)

    @property
    def busy(self) -> int:
        return sum(each.busy for each in self.agents)

    @property
    def free(self) -> int:
        return sum(each.free for each in self.agents)


@dataclass
class TargetUse:
    """What the limits of one target count: jobs that occupy a slot."""

    by_agent: Counter[int] = field(default_factory=Counter)
    # The submitter is None if the account was deleted.
    by_member: Counter[int | None] = field(default_factory=Counter)
    by_sweep: Counter[int] = field(default_factory=Counter)
    # Without those that wait in the queue of an engine.
    running_by_agent: Counter[int] = field(default_factory=Counter)
    in_engine_queue: int = 0
    #: When the first of these was queued.
    in_engine_since: int | None = None

    def count_start(self, job: Job) -> None:
        """Count one more job of its member and its sweep."""
        self.by_member[job.submitter_id] += 1
        if job.sweep_id is not None:
            self.by_sweep[job.sweep_id] += 1


def is_at_limit(count: int, limit: int | None) -> bool:
    """Return whether no more may run at the same time; None is no limit."""
    return limit is not None and count >= limit


def list_targets(workspace: Workspace, *, now: int) -> list[TargetSummary]:
    """Return the targets in the order of their names, `local` first."""
    targets = list(
        ComputeTarget.objects.filter(workspace=workspace, removed__isnull=True)
    )
    agents = _agents_by_target(targets)
    uses = count_target_uses(targets)
    queues = _queue_lengths(targets)
    found = []
    for target in sorted(
        targets, key=lambda each: (each.name != LOCAL_TARGET, each.name)
    ):
        use = uses[target.pk]
        summaries = tuple(
            summarize_agent(each, use, now) for each in agents.get(target.pk, ())
        )
        queued, since = queues.get(target.pk, (0, None))
        since = min(filter(None, (since, use.in_engine_since)), default=None)
        engine = read_engine(agents.get(target.pk, ()))
        found.append(
            TargetSummary(
                target,
                summaries,
                _target_health(summaries, engine),
                sum(use.running_by_agent.values()),
                queued + use.in_engine_queue,
                None if since is None else max(0, now - since),
                engine,
                use.in_engine_queue,
            )
        )
    return found


def _place_in_table(target: ComputeTarget) -> tuple[bool, str]:
    return target.name != LOCAL_TARGET, target.name


def summarize_agent(agent: Agent, use: TargetUse, now: int) -> AgentSummary:
    running = use.running_by_agent[agent.pk]
    return AgentSummary(
        agent,
        use.by_agent[agent.pk],
        running,
        _agent_health(agent, use.by_agent[agent.pk] or running, now),
        _facts(agent.host),
        _facts(agent.usage),
    )


def list_agents(targets: Iterable[ComputeTarget]) -> list[Agent]:
    rows = Agent.objects.filter(target__in=list(targets), removed__isnull=True)
    return list(rows.order_by("name"))


def count_target_uses(targets: Iterable[ComputeTarget]) -> dict[int, TargetUse]:
    """Count the running jobs of each target, for its slots and limits."""
    uses = {target.pk: TargetUse() for target in targets}
    rows = (
        Job.objects.taken()
        .filter(target__in=list(uses))
        .values_list(
            "target", "agent", "submitter", "sweep", "is_waiting", "engine_state"
        )
        .annotate(n=Count("pk"), since=Min("queued"))
        .order_by()
    )
    for target, agent, submitter, sweep, is_waiting, engine_state, n, since in rows:
        use = uses[target]
        if engine_state == EngineState.QUEUED.value:
            use.in_engine_queue += n
            use.in_engine_since = min(since, use.in_engine_since or since)
        else:
            use.running_by_agent[agent] += n
        # A job that waits for its child runs lends them its slot.
        if is_waiting:
            continue
        use.by_agent[agent] += n
        use.by_member[submitter] += n
        if sweep is not None:
            use.by_sweep[sweep] += n
    return uses


def _agents_by_target(targets: Sequence[ComputeTarget]) -> dict[int, list[Agent]]:
    found: dict[int, list[Agent]] = {}
    for agent in list_agents(targets):
        found.setdefault(agent.target_id, []).append(agent)
    return found


def _queue_lengths(targets: Sequence[ComputeTarget]) -> dict[int, tuple[int, int]]:
    """Return the number of queued jobs and the time of the oldest, by target."""
    rows = (
        Job.objects.startable()
        .filter(target__in=targets)
        .values_list("target")
        .annotate(n=Count("pk"), since=Min("queued"))
        .order_by()
    )
    return {target: (n, since) for target, n, since in rows}


def _agent_health(agent: Agent, running: int, now: int) -> Health:
    if agent.heard < now - AGENT_TIMEOUT_MS:
        has_ended = agent.is_ending and not running
        return Health.STOPPED if has_ended else Health.UNREACHABLE
    is_draining = agent.draining or agent.is_ending
    return Health.DRAINING if is_draining else Health.HEALTHY


def _target_health(
    agents: Sequence[AgentSummary], engine: EngineCapacity | None
) -> Health:
    found = {each.health for each in agents} - {Health.STOPPED}
    if not found:
        return Health.NO_AGENT
    if Health.HEALTHY in found and engine is not None:
        if engine.problem:
            return Health.UNREACHABLE
        if engine.lost:
            return Health.DEGRADED
    if Health.UNREACHABLE in found and len(found) > 1:
        return Health.DEGRADED
    if Health.HEALTHY in found:
        return Health.HEALTHY
    return found.pop()


def _facts(reported: object) -> dict[str, Any]:
    """Return what an agent reported; agents of other versions can report anything."""
    return reported if isinstance(reported, dict) else {}


def list_compute_changes(
    workspace: Workspace, limit: int
) -> tuple[list[ChangeSet], bool]:
    """Return the newest change sets with their changes; and whether there are more."""
    rows = ChangeSet.objects.filter(workspace=workspace, is_compute=True)
    newest = rows.order_by("-pk").select_related("actor", "token")
    # One more than the limit shows whether there are more.
    found = list(newest.prefetch_related("changes")[: limit + 1])
    return found[:limit], len(found) > limit
