"""Queued runs in the order in which agents take them, with the reason for waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from runs.models import ComputeTarget, Job, JobQuerySet
from runs.search.compute.targets import (
    TargetSummary,
    TargetUse,
    count_target_uses,
    is_at_limit,
    list_agents,
    summarize_agent,
)
from studio.core.compute_kinds import EngineState


class WaitReason(StrEnum):
    NO_AGENT = "no_agent"
    TARGET_PAUSED = "target_paused"
    NO_FREE_SLOT = "no_free_slot"
    MEMBER_LIMIT = "member_limit"
    SWEEP_LIMIT = "sweep_limit"
    NEXT = "next"
    IN_ENGINE = "in_engine"


@dataclass(frozen=True)
class QueuedJob:
    job: Job
    #: Counts from 1 within the target.
    position: int
    reason: WaitReason


@dataclass(frozen=True)
class TargetQueue:
    """The first jobs of a target's queue, and how many there are in all."""

    target: ComputeTarget
    jobs: tuple[QueuedJob, ...]
    total: int


@dataclass(frozen=True)
class QueuePlace:
    position: int
    reason: WaitReason


@dataclass
class _StartOrder:
    """Decides for one job after the other which would be taken now."""

    target: ComputeTarget
    has_agent: bool
    free: int
    use: TargetUse

    def next_reason(self, job: Job) -> WaitReason:
        """Return why the next job waits; NEXT if it takes one of the free slots."""
        reason = self._blocking_reason(job)
        if reason is WaitReason.NEXT:
            self.free -= 1
            self.use.count_start(job)
        return reason

    def _blocking_reason(self, job: Job) -> WaitReason:
        if self.target.paused:
            return WaitReason.TARGET_PAUSED
        if not self.has_agent:
            return WaitReason.NO_AGENT
        running = self.use.by_member[job.submitter_id]
        if is_at_limit(running, self.target.max_per_member):
            return WaitReason.MEMBER_LIMIT
        sweep = job.sweep
        if sweep is not None and is_at_limit(
            self.use.by_sweep[sweep.pk], sweep.at_once
        ):
            return WaitReason.SWEEP_LIMIT
        return WaitReason.NEXT if self.free > 0 else WaitReason.NO_FREE_SLOT


def list_queues(targets: Sequence[TargetSummary], *, limit: int) -> list[TargetQueue]:
    """Return the first `limit` queued jobs of each target that has any."""
    waiting = [each for each in targets if each.queued]
    first: dict[int, list[Job]] = {}
    in_engine: dict[int, list[Job]] = {}
    for job in _jobs_in_engines(waiting, limit):
        in_engine.setdefault(job.target_id, []).append(job)
    for job in _first_jobs([each.target for each in waiting], limit):
        first.setdefault(job.target_id, []).append(job)
    uses = count_target_uses(each.target for each in waiting) if waiting else {}
    found = []
    for each in waiting:
        has_agent = any(agent.takes_runs for agent in each.agents)
        order = _StartOrder(
            each.target, has_agent=has_agent, free=each.free, use=uses[each.target.pk]
        )
        submitted = [
            QueuedJob(job, position, WaitReason.IN_ENGINE)
            for position, job in enumerate(in_engine.get(each.target.pk, ()), 1)
        ]
        jobs = [
            QueuedJob(job, position, order.next_reason(job))
            for position, job in enumerate(
                first.get(each.target.pk, ()), each.in_engine_queue + 1
            )
        ]
        shown = tuple([*submitted, *jobs][:limit])
        found.append(TargetQueue(each.target, shown, each.queued))
    return found


def find_queue_place(job: Job, *, now: int) -> QueuePlace:
    """Return where a queued job is in its queue, and why it still waits."""
    target = job.target
    use = count_target_uses([target])[target.pk]
    agents = [summarize_agent(each, use, now) for each in list_agents([target])]
    order = _StartOrder(
        target,
        has_agent=any(each.takes_runs for each in agents),
        free=sum(each.free for each in agents),
        use=use,
    )
    before = queued_jobs([target]).filter(
        Q(priority__gt=job.priority)
        | Q(priority=job.priority, position__lt=job.position)
        | Q(priority=job.priority, position=job.position, pk__lt=job.pk)
    )
    position = before.count() + 1
    # Only as many jobs as there are free slots can be taken before this one.
    if order.free and position > 1:
        for earlier in _in_order(before)[: position - 1].iterator(chunk_size=200):
            order.next_reason(earlier)
            if order.free <= 0:
                break
    return QueuePlace(position, order.next_reason(job))


def queued_jobs(targets: Iterable[ComputeTarget]) -> JobQuerySet:
    return Job.objects.startable().filter(target__in=list(targets))


def wait_reason_text(reason: WaitReason) -> str:
    """Return the reason as a sentence without a full stop."""
    return {
        WaitReason.NO_AGENT: _("No agent is running"),
        WaitReason.TARGET_PAUSED: _("The queue is paused"),
        WaitReason.NO_FREE_SLOT: _("Waits for a free slot"),
        WaitReason.MEMBER_LIMIT: _("Limit per member reached"),
        WaitReason.SWEEP_LIMIT: _("Limit of the sweep reached"),
        WaitReason.NEXT: _("Starts next"),
        WaitReason.IN_ENGINE: _("Waits in the queue of the engine"),
    }[reason]


def _in_order(jobs: JobQuerySet) -> JobQuerySet:
    return jobs.select_related("sweep").in_order()


def _first_jobs(targets: Sequence[ComputeTarget], limit: int) -> QuerySet[Job]:
    order = [F("priority").desc(), "position", "pk"]
    return _first_of_each(queued_jobs(targets), order, limit)


def _jobs_in_engines(targets: Sequence[TargetSummary], limit: int) -> Iterable[Job]:
    """What agents gave to engines, where it waits; the engines order it themselves."""
    having = [each.target for each in targets if each.in_engine_queue]
    if not having:
        return ()
    jobs = Job.objects.taken().filter(
        target__in=having, engine_state=EngineState.QUEUED.value
    )
    return _first_of_each(jobs, ["taken", "pk"], limit)


def _first_of_each(
    jobs: JobQuerySet, order: Sequence[Any], limit: int
) -> QuerySet[Job]:
    numbered = jobs.annotate(
        place=Window(RowNumber(), partition_by=F("target"), order_by=order)
    )
    return (
        numbered.filter(place__lte=limit)
        .select_related("run", "run__experiment", "sweep", "submitter")
        .order_by("target", "place")
    )
