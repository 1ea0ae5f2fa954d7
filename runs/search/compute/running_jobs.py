"""What runs where: the jobs that agents have now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from runs.models import Agent, Job, Workspace
from runs.search.compute.targets import TargetSummary
from studio.core.compute_kinds import EngineState


@dataclass(frozen=True)
class AgentJobs:
    agent: Agent
    target: str
    jobs: tuple[Job, ...]
    #: How many jobs the agent has. `jobs` can be only the first of them.
    total: int


@dataclass(frozen=True)
class RunningJobs:
    agents: tuple[AgentJobs, ...]
    total: int

    @property
    def shown(self) -> int:
        return sum(len(each.jobs) for each in self.agents)


def list_running_jobs(
    workspace: Workspace, targets: Iterable[TargetSummary], *, limit: int
) -> RunningJobs:
    """Return the first `limit` running jobs by target, agent and start."""
    totals = {
        each.agent.pk: each.running for target in targets for each in target.agents
    }
    rows = Job.objects.taken().filter(workspace=workspace)
    rows = rows.exclude(engine_state=EngineState.QUEUED.value)
    jobs = rows.select_related(
        "run", "run__experiment", "submitter", "agent", "agent__target"
    ).order_by("agent__target__name", "agent__name", "taken", "pk")[:limit]
    found = []
    for _pk, group in groupby(jobs, key=lambda job: job.agent_id):
        here = tuple(group)
        agent = here[0].agent
        assert agent is not None
        total = totals.get(agent.pk, len(here))
        found.append(AgentJobs(agent, agent.target.name, here, total))
    # A removed agent's jobs are still listed until their leases run out.
    total = max(sum(totals.values()), sum(len(each.jobs) for each in found))
    return RunningJobs(tuple(found), total)
