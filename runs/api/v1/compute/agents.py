"""REST: what agents call: register, heartbeat, take runs, report lost ones."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.actions import compute as compute_actions
from runs.actions.compute import EngineReport, HeldRun, TakenRun
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    AgentBeat,
    AgentOrders,
    AttemptEnd,
    HeldRunInfo,
    JobSnapshot,
    RegisterAgent,
    Registered,
    RunOrderInfo,
    RunState,
    TakenJob,
    TakenJobs,
    TakeRuns,
)
from runs.models import Agent, ApiToken, AttemptOutcome, Job, now_ms
from studio.core import names
from studio.core.errors import AttemptEnded, InvalidValue
from studio.core.statuses import RunStatus

#: How often an agent sends a heartbeat.
HEARTBEAT_SECONDS = 5
#: More runs than any agent has.
MAX_HELD_RUNS = 10_000
_GIVEN_BACK = {str(one): one for one in (AttemptOutcome.LOST, AttemptOutcome.RETURNED)}
_OUTCOMES = {str(one): one for one in RunStatus if one.is_final}


@endpoint("POST", Permission.SERVE, body=RegisterAgent, reply=Registered, status=201)
def register_agent(request: StudioRequest, body: RegisterAgent) -> Registered:
    """Register an agent for the target of its token.

    The same `instance` gets the same id again. The error is AlreadyExists while another
    instance of that name is alive.
    """
    agent = compute_actions.register_agent(
        _token_of(request),
        name=body.name,
        instance=body.instance,
        slots=body.slots,
        version=body.version,
        host=body.host,
        now=now_ms(),
    )
    return Registered(
        id=agent.pk,
        target=agent.target.name,
        workspace=agent.target.workspace.name,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        lease_seconds=agent.target.lease_seconds,
        kind=agent.target.kind,
        settings=agent.target.settings,
    )


@endpoint("POST", Permission.SERVE, body=AgentBeat, reply=AgentOrders)
def receive_agent_heartbeat(
    request: StudioRequest, agent: int, body: AgentBeat
) -> AgentOrders:
    """Report that an agent is alive and which runs it has; learn which to stop.

    After an upgrade of the server, agents that it can't serve any more are drained.
    """
    found = _find_own_agent(request, agent)
    refusal = compute_actions.find_version_refusal(body.version or found.version)
    orders = compute_actions.receive_agent_heartbeat(
        found,
        _held(body.runs),
        reports=_reports(body.runs),
        usage=body.usage,
        is_ending=body.draining or refusal is not None,
        now=now_ms(),
    )
    return AgentOrders(
        found.draining or refusal is not None,
        refusal.message if refusal else "",
        [
            RunOrderInfo(one.run_id, one.attempt, one.state, one.waiting)
            for one in orders
        ],
    )


@endpoint("POST", Permission.SERVE, body=TakeRuns, reply=TakenJobs)
def take_runs(request: StudioRequest, agent: int, body: TakeRuns) -> TakenJobs:
    """Take queued runs, in the order of the queue.

    The server counts slots, too. It gives the slot of a run that waits for its children
    to runs of the same tree, even if `free` is 0. Runs that the agent got before, in a
    reply that was lost, are returned again.
    """
    held = _held(body.runs)
    names.check_count(len(body.trees or ()), "trees")
    for number, tree in enumerate(body.trees or ()):
        names.check_run_id(tree, f"trees[{number}]")
    if not compute_actions.may_have_runs(_checked(agent), _token_of(request), held):
        return TakenJobs([])
    taken = compute_actions.take_runs(
        _find_own_agent(request, agent),
        free=body.free,
        held=held,
        trees=body.trees,
        now=now_ms(),
    )
    return TakenJobs([_taken_job(one) for one in taken])


@endpoint("POST", Permission.SERVE, body=AttemptEnd, reply=RunState)
def end_attempt(
    request: StudioRequest, agent: int, run_id: str, body: AttemptEnd
) -> RunState:
    """Report how an attempt ended whose runner can't report it any more."""
    found = _find_own_agent(request, agent)
    rows = Job.objects.filter(agent=found, run__run_id=names.check_run_id(run_id))
    job = rows.select_related("run").first()
    if job is None or job.attempt != body.attempt:
        raise AttemptEnded(
            _("Attempt %(attempt)s of run %(run_id)s has ended.")
            % {"attempt": body.attempt, "run_id": run_id},
            run_id=run_id,
            attempt=body.attempt,
        )
    message = names.check_text(body.message, "message", limit=names.MAX_ERROR)
    if body.outcome in _GIVEN_BACK:
        outcome = _GIVEN_BACK[body.outcome]
        verb = "lost" if outcome is AttemptOutcome.LOST else "did not start"
        run = compute_actions.lose_attempt(
            job,
            now=now_ms(),
            message=message or f"The agent {found.name} {verb} it.",
            outcome=outcome,
        )
    elif body.outcome in _OUTCOMES:
        run = compute_actions.report_status(
            job.run,
            _OUTCOMES[body.outcome],
            attempt=body.attempt,
            actor=request.actor,
            now=now_ms(),
            message=message,
        )
    else:
        raise InvalidValue(
            _("outcome must be Completed, Failed, Canceled, lost or returned."),
            field="outcome",
        )
    return RunState(run.state)


def _token_of(request: StudioRequest) -> ApiToken:
    # Only the tokens of agents have the permission.
    assert request.token is not None
    return request.token


def _checked(agent: int) -> int:
    # A longer number can exceed 64 bits, which both databases refuse.
    if agent >= 2**63:
        raise compute_actions.unknown_agent(agent)
    return agent


def _find_own_agent(request: StudioRequest, number: int) -> Agent:
    rows = Agent.objects.filter(token=_token_of(request), removed__isnull=True)
    found = rows.filter(pk=_checked(number)).select_related("target").first()
    if found is None:
        raise compute_actions.unknown_agent(number)
    return found


def _held(runs: list[HeldRunInfo]) -> list[HeldRun]:
    names.check_count(len(runs), "runs", MAX_HELD_RUNS)
    return [
        (names.check_run_id(one.run, f"runs[{number}].run"), one.attempt)
        for number, one in enumerate(runs)
    ]


def _reports(runs: list[HeldRunInfo]) -> dict[HeldRun, EngineReport]:
    return {
        (one.run, one.attempt): compute_actions.check_engine_report(
            one.engine.job, one.engine.state, one.engine.message
        )
        for one in runs
        if one.engine is not None
    }


def _taken_job(taken: TakenRun) -> TakenJob:
    run, definition = taken.run, taken.definition
    snapshot = taken.snapshot
    return TakenJob(
        run=run.run_id,
        attempt=taken.attempt,
        experiment=run.experiment.name,
        name=run.name,
        token=taken.token,
        definition=definition,
        secrets=taken.secrets,
        snapshot=(JobSnapshot(snapshot.public_id, snapshot.size) if snapshot else None),
        terminate_after=definition.get("terminateAfterSeconds"),
        kill_after=definition.get("killAfterSeconds"),
    )
