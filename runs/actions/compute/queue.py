"""The queue: put runs into it, and change their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.compute.secrets import check_secrets_exist
from runs.actions.run import (
    StatusReporter,
    change_status,
    lock_run_row,
    read_definition,
)
from runs.actions.run_rows import bump_revision
from runs.models import ComputeTarget, Job, Launcher, Run, RunSnapshot, Sweep
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue
from studio.core.run_definition import MAX_ATTEMPTS, MAX_PRIORITY
from studio.core.statuses import RunStatus, can_follow


@transaction.atomic
def queue_run(
    run: Run,
    target: ComputeTarget,
    *,
    actor: Actor,
    now: int,
    priority: int | None = None,
    max_attempts: int | None = None,
    sweep: Sweep | None = None,
) -> Job:
    """Put a run that has not started into the queue of `target`.

    Without `priority` and `max_attempts`, those of the run's definition are used.
    The same request again returns the job. Raises AlreadyExists if the run is in the
    queue of another target, NotFound if it has no definition, and InvalidState if it
    has started, or lacks the snapshot with its script.
    """
    lock_run_row(run)
    bump_revision(run, now)
    found = Job.objects.filter(run=run).first()
    if found is not None:
        return _same_job(found, target)
    definition = read_definition(run)
    _check_can_start(run, definition)
    check_secrets_exist(target.workspace, definition.get("secrets") or [])
    job = Job(
        run=run,
        workspace_id=run.workspace_id,
        target=target,
        submitter_id=run.submitter_id,
        position=now,
        sweep=sweep,
        queued=now,
        **job_settings(definition, priority, max_attempts),
    )
    _insert(job, target)
    Run.objects.filter(pk=run.pk).update(launcher=Launcher.AGENT, target=target.name)
    run.launcher, run.target = Launcher.AGENT, target.name
    change_status(
        run,
        RunStatus.QUEUED,
        actor=actor,
        now=now,
        origin=StatusReporter.LAUNCHER,
    )
    return job


@transaction.atomic
def insert_jobs(
    runs: Sequence[Run],
    target: ComputeTarget,
    *,
    now: int,
    priority: int = 0,
    max_attempts: int = 1,
    sweep: Sweep | None = None,
    values: Sequence[Mapping[str, str]] | None = None,
) -> None:
    """Put new runs, which are Queued, into the queue of `target` in this order.

    `values` has what each run of a sweep tries.
    """
    check_priority(priority)
    _check_attempts(max_attempts)
    _lock_existing(target)
    tried: Sequence[Mapping[str, str] | None] = values or [None] * len(runs)
    Job.objects.bulk_create(
        Job(
            run=run,
            workspace_id=run.workspace_id,
            target=target,
            submitter_id=run.submitter_id,
            priority=priority,
            position=now,
            max_attempts=max_attempts,
            sweep=sweep,
            values=one,
            queued=now,
        )
        for run, one in zip(runs, tried, strict=True)
    )


@transaction.atomic
def set_job_priority(job: Job, priority: int, *, actor: Actor, now: int) -> Job:
    """Set the priority of a queued job: a higher one starts before a lower one."""
    check_priority(priority)
    return _change_queued(job, "set priority", actor, now, priority=priority)


@transaction.atomic
def move_job_to_top(job: Job, *, actor: Actor, now: int) -> Job:
    """Let a queued job start before all others in the queue of its target."""
    others = Job.objects.queued().filter(target=job.target_id).exclude(pk=job.pk)
    highest = others.aggregate(priority=Max("priority"))["priority"]
    priority = job.priority if highest is None else max(job.priority, highest)
    same = others.filter(priority=priority)
    first = same.aggregate(position=Min("position"))["position"]
    position = job.position if first is None else min(job.position, first - 1)
    changes = {"priority": priority, "position": position}
    return _change_queued(job, "move to top", actor, now, **changes)


def job_settings(
    definition: Mapping[str, Any],
    priority: int | None = None,
    max_attempts: int | None = None,
) -> dict[str, Any]:
    """Return the priority and attempts of a job: as given, or as in the definition."""
    if priority is None:
        priority = definition.get("priority") or 0
    if max_attempts is None:
        max_attempts = definition.get("maxAttempts") or 1
    return {
        "priority": check_priority(priority),
        "max_attempts": _check_attempts(max_attempts),
    }


def check_priority(priority: int) -> int:
    if not -MAX_PRIORITY <= priority <= MAX_PRIORITY:
        raise InvalidValue(
            _("priority must be a whole number from %(least)s to %(limit)s.")
            % {"least": -MAX_PRIORITY, "limit": MAX_PRIORITY},
            field="priority",
        )
    return priority


def _change_queued(
    job: Job, action: str, actor: Actor, now: int, **changes: int
) -> Job:
    lock_run_row(job.run)
    job.refresh_from_db(fields=[*changes])
    edits = [
        Edit(f"queue.{name}", getattr(job, name), value, job.run)
        for name, value in changes.items()
    ]
    if not Job.objects.queued().filter(pk=job.pk).update(**changes):
        raise InvalidState(
            _("Run %(run_id)s is no longer queued.") % {"run_id": job.run.run_id},
            run_id=job.run.run_id,
        )
    bump_revision(job.run, now)
    record_changes(job.run.workspace, action, edits, actor=actor, now=now)
    job.refresh_from_db()
    return job


def _same_job(job: Job, target: ComputeTarget) -> Job:
    if job.target_id != target.pk:
        raise AlreadyExists(
            _("Run %(run_id)s was submitted to %(target)s already. Resubmit it.")
            % {"run_id": job.run.run_id, "target": job.target.name},
            run_id=job.run.run_id,
        )
    return job


def _check_can_start(run: Run, definition: dict[str, Any]) -> None:
    run.refresh_from_db(fields=["status"])
    if not can_follow(run.state, RunStatus.QUEUED):
        raise InvalidState(
            _("Run %(run_id)s is %(status)s, so it can't be queued. Resubmit it.")
            % {"run_id": run.run_id, "status": run.state},
            run_id=run.run_id,
        )
    if definition.get("script") and not RunSnapshot.objects.filter(run=run).exists():
        raise InvalidState(
            _("Run %(run_id)s has no snapshot with its script. Upload it first.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )


def _check_attempts(attempts: int) -> int:
    if not 1 <= attempts <= MAX_ATTEMPTS:
        raise InvalidValue(
            _("max_attempts must be a whole number from 1 to %(limit)s.")
            % {"limit": MAX_ATTEMPTS},
            field="max_attempts",
        )
    return attempts


def _lock_existing(target: ComputeTarget) -> None:
    """Lock a target against removal; raise InvalidState if it was removed."""
    rows = ComputeTarget.objects.select_for_update(no_key=True).filter(pk=target.pk)
    if rows.filter(removed__isnull=True).first() is None:
        raise InvalidState(
            _("The compute target %(name)r was removed.") % {"name": target.name}
        )


def _insert(job: Job, target: ComputeTarget) -> None:
    _lock_existing(target)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidState(
            _("Run %(run_id)s was purged.") % {"run_id": job.run.run_id}
        ) from error
