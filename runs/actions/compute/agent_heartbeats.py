"""Heartbeats of agents: they renew leases, and learn which runs to stop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from runs.actions.compute.agents import check_facts
from runs.actions.compute.engine_reports import EngineReport, follow_engine
from runs.actions.compute.taking import HeldRun
from runs.models import Agent, Job
from runs.search.run import find_cancel_request
from studio.core.compute_kinds import EngineState
from studio.core.statuses import RunStatus

#: What an agent does with a run: keep it, stop it, kill it, let it end because the end
#: is known, or kill it silently because another attempt may run.
YOURS, CANCEL, FORCE = "yours", "cancel", "force"
ENDED, LOST = "ended", "lost"


@dataclass(frozen=True)
class RunOrder:
    """What an agent should do with a run that it has."""

    run_id: str
    attempt: int
    state: str
    waiting: bool


@transaction.atomic
def receive_agent_heartbeat(
    agent: Agent,
    held: Collection[HeldRun],
    *,
    reports: Mapping[HeldRun, EngineReport],
    usage: dict[str, Any],
    is_ending: bool,
    now: int,
) -> list[RunOrder]:
    """Record that an agent is alive and has these runs; renew exactly their leases.

    `reports` is what the target's engine says of runs. One on a machine that the agent
    can't reach is lost like an agent: if its own heartbeats cease, too.
    """
    Agent.objects.filter(pk=agent.pk).update(
        heard=now, usage=check_facts(usage, "usage"), is_ending=is_ending
    )
    expires = now + agent.target.lease_seconds * 1000
    wanted = [run_id for run_id, _attempt in held]
    rows = Job.objects.filter(agent=agent, run__run_id__in=wanted)
    own = {(job.run.run_id, job.attempt): job for job in rows.select_related("run")}
    alive = [own[one].pk for one in held if one in own and _can_renew(reports.get(one))]
    Job.objects.taken().filter(pk__in=alive).update(lease_expires=expires)
    for one, report in reports.items():
        if one in own and own[one].ended is None:
            follow_engine(own[one], report, now=now)
    return [_order(one, own.get(one)) for one in held]


def _can_renew(report: EngineReport | None) -> bool:
    """Whether the agent knows that the run goes on. Else its own heartbeats count."""
    return report is None or report.state is not EngineState.UNREACHABLE


def _order(held: HeldRun, job: Job | None) -> RunOrder:
    run_id, attempt = held
    if job is None:
        return RunOrder(run_id, attempt, LOST, False)
    if job.ended is not None or job.run.state.is_final:
        return RunOrder(run_id, attempt, ENDED, False)
    return RunOrder(run_id, attempt, _state(job), job.is_waiting)


def _state(job: Job) -> str:
    if job.run.state not in (RunStatus.CANCEL_REQUESTED, RunStatus.NOT_RESPONDING):
        return YOURS
    found = find_cancel_request(job.run)
    if found.asked is None:
        return YOURS
    return CANCEL if found.force is None else FORCE
