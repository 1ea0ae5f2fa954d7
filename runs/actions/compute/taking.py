"""Give queued runs to agents: each run to one agent only, in the order of the queue.

One transaction at a time takes runs of a target (its row is locked), and a run is taken
by an UPDATE that requires that no agent has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from runs.actions.account import create_run_token
from runs.actions.actor import SERVER
from runs.actions.compute.agents import find_version_refusal
from runs.actions.compute.secrets import read_secrets
from runs.actions.run import StatusReporter, change_status, read_definition
from runs.models import (
    Agent,
    ApiToken,
    ComputeTarget,
    Job,
    JobAttempt,
    JobQuerySet,
    Member,
    Role,
    Run,
    RunSnapshot,
    Snapshot,
    Sweep,
)
from runs.search.compute import TargetUse, count_target_uses, is_at_limit
from runs.storage.prepared import PreparedRows
from studio.core.errors import InvalidState, NotFound, StudioError
from studio.core.statuses import RunStatus

#: What an agent has: the run's id and the number of the attempt.
HeldRun = tuple[str, int]


@dataclass(frozen=True)
class TakenRun:
    """Everything that an agent needs to start a run."""

    run: Run
    attempt: int
    token: str
    definition: dict[str, Any]
    secrets: dict[str, str]
    snapshot: Snapshot | None


@dataclass
class _Room:
    """How many runs an agent has slots for; `lent` slots are for some trees only."""

    free: int
    lent: int
    lent_to: frozenset[int]


# Agents ask twice a second, mostly in vain: one statement answers them.
_queue_and_own_jobs = PreparedRows(
    lambda agent, token: (
        Agent.objects.filter(pk=agent, token=token, removed__isnull=True)
        .annotate(
            has_queue=Exists(Job.objects.queued().filter(target=OuterRef("target"))),
            own=Subquery(
                Job.objects.taken()
                .filter(agent=OuterRef("pk"))
                .order_by()
                .values("agent")
                .annotate(n=Count("pk"))
                .values("n")
            ),
        )
        .values_list("has_queue", "own")
    )
)


def may_have_runs(agent: int, token: ApiToken, held: Collection[HeldRun]) -> bool:
    """Return whether `take_runs` can return anything.

    Raises NotFound if the token is not that of the agent.
    """
    rows = _queue_and_own_jobs.all(agent, token.pk)
    if not rows:
        raise unknown_agent(agent)
    [[has_queue, own]] = rows
    return bool(has_queue) or (own or 0) > len(held)


def unknown_agent(agent: int) -> NotFound:
    return NotFound(
        _("This token has no agent %(agent)s. Register the agent again.")
        % {"agent": agent},
        agent=agent,
    )


@transaction.atomic
def take_runs(
    agent: Agent,
    *,
    free: int,
    held: Collection[HeldRun],
    now: int,
    trees: Sequence[str] | None = None,
) -> list[TakenRun]:
    """Give queued runs to `agent` and return them; their status becomes Starting.

    `held` are the runs that the agent has, `free` is how many more it has slots for.
    Runs that it has without knowing, because a reply was lost, are returned again. A
    slot whose run waits for its child runs is given to runs of that run's tree. A
    draining agent gets only these, without which its runs would not end. With `trees`
    only these runs and those below them are given.
    """
    target = ComputeTarget.objects.select_for_update(no_key=True).get(
        pk=agent.target_id
    )
    agent.refresh_from_db()
    own = Job.objects.taken().filter(agent=agent).select_related("run")
    jobs = list(own)
    unknown = [job for job in jobs if (job.run.run_id, job.attempt) not in held]
    taken = [_start(job, agent, now, is_repeated=True) for job in unknown]
    is_closed = target.paused or target.removed or agent.removed
    # An agent of an older version may not know yet that the server was upgraded.
    if not is_closed and find_version_refusal(agent.version) is None:
        room = _find_room(agent, jobs, free - len(unknown))
        taken += _take(target, agent, room, trees, now)
    return [one for one in taken if one is not None]


def _find_room(agent: Agent, jobs: Sequence[Job], free: int) -> _Room:
    """Return the free slots: what the agent reports, at most what the server counts."""
    waiting = [job for job in jobs if job.is_waiting]
    really_free = min(free, agent.slots - len(jobs))
    with_lent = min(free + len(waiting), agent.slots - len(jobs) + len(waiting))
    roots = frozenset(job.run.root_id or job.run.pk for job in waiting)
    free = max(0, really_free)
    if agent.draining or agent.is_ending:
        return _Room(0, max(0, with_lent) if waiting else 0, roots)
    return _Room(free, max(0, with_lent - free), roots)


def _take(
    target: ComputeTarget,
    agent: Agent,
    room: _Room,
    trees: Sequence[str] | None,
    now: int,
) -> list[TakenRun | None]:
    taken: list[TakenRun | None] = []
    use = count_target_uses([target])[target.pk]
    while room.free or room.lent:
        jobs = _startable_jobs(target, use, trees)
        if not room.free:
            lent_to = list(room.lent_to)
            jobs = jobs.filter(Q(run__in=lent_to) | Q(run__root__in=lent_to))
        job = jobs.first()
        if job is None:
            break
        if not _give(job, agent, target, now):
            continue
        started = _start(job, agent, now)
        taken.append(started)
        # A run that could not start has ended, and needs no slot.
        if started is None:
            continue
        use.count_start(job)
        if room.free:
            room.free -= 1
        else:
            room.lent -= 1
    return taken


def _startable_jobs(
    target: ComputeTarget, use: TargetUse, trees: Sequence[str] | None
) -> JobQuerySet:
    """Return the queued jobs whose member and sweep are below their limits."""
    jobs = Job.objects.startable().filter(target=target)
    full_members = [
        member
        for member, count in use.by_member.items()
        if member is not None and is_at_limit(count, target.max_per_member)
    ]
    if full_members:
        jobs = jobs.exclude(submitter__in=full_members)
    limits = Sweep.objects.filter(pk__in=list(use.by_sweep)).values_list(
        "pk", "at_once"
    )
    full_sweeps = [
        sweep for sweep, limit in limits if is_at_limit(use.by_sweep[sweep], limit)
    ]
    if full_sweeps:
        jobs = jobs.exclude(sweep__in=full_sweeps)
    if trees is not None:
        jobs = jobs.filter(
            Q(run__run_id__in=list(trees)) | Q(run__root__run_id__in=list(trees))
        )
    # Rows that another transaction holds are being canceled or moved.
    return (
        jobs.in_order()
        .select_related("run", "submitter", "workspace")
        .select_for_update(skip_locked=True, no_key=True, of=("self", "run"))
    )


def _give(job: Job, agent: Agent, target: ComputeTarget, now: int) -> bool:
    """Let `agent` have the job, unless another agent has it or it has ended."""
    fields = {
        "agent": agent,
        "taken": now,
        "lease_expires": now + target.lease_seconds * 1000,
        "is_waiting": False,
    }
    if not Job.objects.queued().filter(pk=job.pk).update(**fields):
        return False
    JobAttempt.objects.create(
        job=job, number=job.attempt, agent_name=agent.name, started=now
    )
    change_status(
        job.run,
        RunStatus.STARTING,
        actor=SERVER,
        now=now,
        message=f"Taken by the agent {agent.name}",
        origin=StatusReporter.LAUNCHER,
    )
    return True


def _start(
    job: Job, agent: Agent, now: int, *, is_repeated: bool = False
) -> TakenRun | None:
    """Return what the agent needs; a run that can't start becomes Failed."""
    run = job.run
    if is_repeated and run.state is RunStatus.CANCEL_REQUESTED:
        # Never started, so there is nothing to stop.
        _end(run, RunStatus.CANCELED, "Canceled before it started", now)
        return None
    try:
        submitter = job.submitter
        _check_submitter(job)
        assert submitter is not None
        definition = read_definition(run)
        secrets = read_secrets(job.workspace, definition.get("secrets") or [])
        link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
    except StudioError as error:
        _end(run, RunStatus.FAILED, str(error), now)
        return None
    return TakenRun(
        run,
        job.attempt,
        create_run_token(run, submitter),
        definition,
        secrets,
        link.snapshot if link else None,
    )


def _check_submitter(job: Job) -> None:
    rows = Member.objects.filter(workspace=job.workspace_id, user=job.submitter_id)
    if not rows.filter(role__gte=Role.CONTRIBUTOR, user__is_active=True).exists():
        raise InvalidState(
            _("The submitter of this run is no longer a contributor of the workspace.")
        )


def _end(run: Run, status: RunStatus, message: str, now: int) -> None:
    change_status(
        run,
        status,
        actor=SERVER,
        now=now,
        message=message,
        origin=StatusReporter.LAUNCHER,
    )
