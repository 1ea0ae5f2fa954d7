"""REST: compute targets, their agents, and the tokens of agents."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from msgspec import UNSET, structs

from runs.access import Permission, StudioRequest, public_origin, workspace_of
from runs.actions import compute as compute_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    AgentInfo,
    AgentPatch,
    AgentTokenReply,
    NewAgentToken,
    NewTarget,
    Removed,
    TargetInfo,
    TargetList,
    TargetPatch,
)
from runs.models import LOCAL_TARGET, Agent, ComputeTarget, Workspace, now_ms
from runs.search.compute import AgentSummary, Health, TargetSummary, list_targets
from studio.core.errors import NotFound


@endpoint("GET", Permission.READ, reply=TargetList)
def list_compute_targets(request: StudioRequest) -> TargetList:
    """List the compute targets with their agents, slots and queues."""
    workspace = workspace_of(request)
    found = list_targets(workspace, now=now_ms())
    if not any(one.target.name == LOCAL_TARGET for one in found):
        # It exists everywhere, but a row is written only once it is used.
        found = [_unused_local_target(workspace), *found]
    return TargetList([_target_info(one) for one in found])


@endpoint("POST", Permission.COMPUTE, body=NewTarget, reply=TargetInfo, status=201)
def create_compute_target(request: StudioRequest, body: NewTarget) -> TargetInfo:
    """Create a compute target. Then start agents for it."""
    target = compute_actions.create_target(
        workspace_of(request), actor=request.actor, now=now_ms(), **_given(body)
    )
    return _read_target_info(target)


@endpoint("PATCH", Permission.COMPUTE, body=TargetPatch, reply=TargetInfo)
def change_compute_target(
    request: StudioRequest, target: str, body: TargetPatch
) -> TargetInfo:
    """Pause or resume the queue of a target, or change its limits."""
    found = compute_actions.find_target(workspace_of(request), target, now=now_ms())
    changed = compute_actions.change_target(
        found, actor=request.actor, now=now_ms(), **_given(body)
    )
    return _read_target_info(changed)


@endpoint("DELETE", Permission.COMPUTE, reply=Removed)
def remove_compute_target(request: StudioRequest, target: str) -> Removed:
    """Remove a target that has no queued and no running runs."""
    found = compute_actions.find_target(workspace_of(request), target, now=now_ms())
    compute_actions.remove_target(found, actor=request.actor, now=now_ms())
    return Removed(1)


@endpoint(
    "POST", Permission.COMPUTE, body=NewAgentToken, reply=AgentTokenReply, status=201
)
def create_agent_token(
    request: StudioRequest, target: str, body: NewAgentToken
) -> AgentTokenReply:
    """Create a token for agents of a target. The reply is the only one that has it."""
    found = compute_actions.find_target(workspace_of(request), target, now=now_ms())
    token, secret = compute_actions.create_agent_token(
        found, name=body.name, days=body.days, actor=request.actor, now=now_ms()
    )
    command = compute_actions.agent_command(found, public_origin(request), secret)
    return AgentTokenReply(secret, token.prefix, command)


@endpoint("PATCH", Permission.COMPUTE, body=AgentPatch, reply=TargetInfo)
def change_agent(request: StudioRequest, agent: int, body: AgentPatch) -> TargetInfo:
    """Drain an agent, or let it take runs again."""
    found = _find_agent(request, agent)
    compute_actions.drain_agent(found, body.draining, actor=request.actor, now=now_ms())
    return _read_target_info(found.target)


@endpoint("DELETE", Permission.COMPUTE, reply=Removed)
def remove_agent(request: StudioRequest, agent: int) -> Removed:
    """Remove an agent and revoke its token."""
    found = _find_agent(request, agent)
    compute_actions.remove_agent(found, actor=request.actor, now=now_ms())
    return Removed(1)


def _unused_local_target(workspace: Workspace) -> TargetSummary:
    target = ComputeTarget(workspace=workspace, name=LOCAL_TARGET, created=0)
    return TargetSummary(target, (), Health.NO_AGENT, 0, 0, None)


def _given(body: NewTarget | TargetPatch) -> dict[str, Any]:
    values = structs.asdict(body)
    return {name: value for name, value in values.items() if value is not UNSET}


def _find_agent(request: StudioRequest, number: int) -> Agent:
    rows = Agent.objects.filter(workspace=workspace_of(request), removed__isnull=True)
    # A longer number can exceed 64 bits, which both databases refuse.
    found = rows.filter(pk=number).select_related("target") if number < 2**63 else None
    agent = found.first() if found is not None else None
    if agent is None:
        raise NotFound(
            _("This workspace has no agent %(number)s.") % {"number": number}
        )
    return agent


def _read_target_info(target: ComputeTarget) -> TargetInfo:
    found = list_targets(target.workspace, now=now_ms())
    return next(_target_info(one) for one in found if one.target.pk == target.pk)


def _target_info(summary: TargetSummary) -> TargetInfo:
    target = summary.target
    return TargetInfo(
        name=target.name,
        kind=target.kind,
        settings=target.settings,
        description=target.description,
        paused=target.paused,
        max_per_member=target.max_per_member,
        lease_seconds=target.lease_seconds,
        health=summary.health.value,
        agents=[_agent_info(one) for one in summary.agents],
        slots=summary.slots,
        busy=summary.busy,
        running=summary.running,
        queued=summary.queued,
        longest_wait_ms=summary.longest_wait,
    )


def _agent_info(summary: AgentSummary) -> AgentInfo:
    agent = summary.agent
    return AgentInfo(
        id=agent.pk,
        name=agent.name,
        slots=agent.slots,
        busy=summary.busy,
        draining=agent.draining,
        health=summary.health.value,
        version=agent.version,
        host=summary.host,
        usage=summary.usage,
        heard=agent.heard,
    )
