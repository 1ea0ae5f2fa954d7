"""How an attempt of a submitted run ends: its runner reports it, or it is lost.

A run whose agent is lost goes back into the queue, never two attempts at once: the
lease of the old one has run out, and whatever it still reports is refused.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import SERVER, Actor
from runs.actions.run import (
    StatusReporter,
    change_status,
    end_attempt_row,
    lock_run_row,
    may_be_retried,
)
from runs.models import AttemptOutcome, Job, Run
from runs.search.run import find_cancel_request
from studio.core.errors import AttemptEnded
from studio.core.names import MAX_TIME
from studio.core.statuses import RunStatus, can_follow

#: A run is given up when it was lost so often in a row.
MAX_LOST_ATTEMPTS = 3


@transaction.atomic
def report_status(
    run: Run,
    status: RunStatus,
    *,
    attempt: int | None,
    actor: Actor,
    now: int,
    message: str = "",
    ended: int | None = None,
) -> Run:
    """Record the status that the launcher of `run` reports.

    A failure starts another attempt if there are attempts left. Raises AttemptEnded for
    the report of an attempt that is no longer the current one.
    """
    lock_run_row(run)
    job = Job.objects.filter(run=run).first()
    if job is not None:
        _check_current(job, attempt)
        if ended is not None and not (job.taken or 0) <= ended <= now:
            # The clock of the agent's machine is wrong.
            ended = None
        run.refresh_from_db(fields=["status"])
        is_taken = job.agent_id is not None and job.ended is None
        if status is RunStatus.FAILED and is_taken and _can_retry(run):
            _queue_again(job, run, AttemptOutcome.FAILED, message, now)
            return run
        if _skips_running(run.state, status):
            # The report of the start was lost with the runner that sent it.
            change_status(
                run,
                RunStatus.RUNNING,
                actor=actor,
                now=now,
                origin=StatusReporter.LAUNCHER,
            )
    return change_status(
        run,
        status,
        actor=actor,
        now=now,
        message=message,
        ended=ended,
        origin=StatusReporter.LAUNCHER,
    )


@transaction.atomic
def lose_attempt(
    job: Job,
    *,
    now: int,
    message: str,
    lease_before: int = MAX_TIME,
    outcome: AttemptOutcome = AttemptOutcome.LOST,
) -> Run:
    """Take a run from its agent, which lost or RETURNED it: queue it again, or end it.

    A lease that was renewed, so that it is no longer `lease_before`, changes nothing.
    """
    run = job.run
    lock_run_row(run)
    rows = Job.objects.select_for_update(no_key=True).filter(
        pk=job.pk,
        attempt=job.attempt,
        agent__isnull=False,
        ended__isnull=True,
        lease_expires__lt=lease_before,
    )
    current = rows.first()
    run.refresh_from_db(fields=["status"])
    if current is None or run.state.is_final:
        return run
    if _is_cancel_requested(run):
        return _end(run, RunStatus.CANCELED, outcome, message, now)
    is_lost = outcome is AttemptOutcome.LOST
    if is_lost and _lost_in_a_row(current) + 1 >= MAX_LOST_ATTEMPTS:
        text = f"{message} It was lost {MAX_LOST_ATTEMPTS} times in a row."
        return _end(run, RunStatus.FAILED, outcome, text, now)
    _queue_again(current, run, outcome, message, now)
    return run


def is_attempt_lost(run: Run, attempt: int | None) -> bool:
    """Return whether this attempt of a submitted run must stop silently."""
    job = Job.objects.filter(run=run).first()
    if job is None or attempt is None:
        return False
    return job.attempt != attempt or (job.agent_id is None and job.ended is None)


def renew_lease(run: Run, attempt: int | None, *, now: int) -> None:
    """Renew the lease of a run whose runner is alive, also while its agent is not."""
    if attempt is None:
        return
    job = Job.objects.taken().filter(run=run, attempt=attempt)
    for found in job.select_related("target"):
        expires = now + found.target.lease_seconds * 1000
        # Heartbeats come every few seconds; most need not be written.
        if (found.lease_expires or 0) < expires - found.target.lease_seconds * 250:
            job.update(lease_expires=expires)


def requeue_lost_jobs(now: int, *, listening_since: int) -> int:
    """Take runs from agents whose lease has run out; return how many.

    Time in which the server could not receive heartbeats does not count.
    """
    lost = 0
    overdue = Job.objects.taken().filter(lease_expires__lt=now)
    for job in list(overdue.select_related("run", "target", "agent").order_by("pk")):
        if now - listening_since < job.target.lease_seconds * 1000:
            continue
        text = f"The agent {job.agent.name if job.agent else ''} was lost."
        lose_attempt(job, now=now, message=text, lease_before=now)
        lost += 1
    return lost


def _check_current(job: Job, attempt: int | None) -> None:
    queued = job.agent_id is None and job.ended is None
    if attempt is not None and (attempt != job.attempt or queued):
        raise AttemptEnded(
            _("Attempt %(attempt)s of run %(run_id)s has ended.")
            % {"attempt": attempt, "run_id": job.run.run_id},
            run_id=job.run.run_id,
            attempt=attempt,
        )


def _skips_running(old: RunStatus, new: RunStatus) -> bool:
    return (
        not can_follow(old, new)
        and can_follow(old, RunStatus.RUNNING)
        and can_follow(RunStatus.RUNNING, new)
    )


def _can_retry(run: Run) -> bool:
    return run.state.is_active and may_be_retried(run) and not _is_cancel_requested(run)


def _is_cancel_requested(run: Run) -> bool:
    found = find_cancel_request(run)
    return found.asked is not None and found.ended is None


def _lost_in_a_row(job: Job) -> int:
    """Count the attempts before the current one that were lost, since another end.

    An attempt that was returned is neither.
    """
    count = 0
    before = job.attempts.filter(number__lt=job.attempt).order_by("-number")
    before = before.exclude(outcome=AttemptOutcome.RETURNED)
    for outcome in before.values_list("outcome", flat=True):
        if outcome != AttemptOutcome.LOST:
            break
        count += 1
    return count


def _queue_again(
    job: Job, run: Run, outcome: AttemptOutcome, message: str, now: int
) -> None:
    end_attempt_row(run, outcome, message, now)
    Job.objects.filter(pk=job.pk).update(
        agent=None,
        attempt=job.attempt + 1,
        lease_expires=None,
        taken=None,
        is_waiting=False,
        engine_job="",
        engine_state="",
        engine_message="",
        queued=now,
    )
    # Until the next attempt begins, nothing sends heartbeats.
    Run.objects.filter(pk=run.pk).update(heartbeats=False)
    change_status(
        run,
        RunStatus.QUEUED,
        actor=SERVER,
        now=now,
        message=f"Attempt {job.attempt} ended: {message}"[:1000],
        level="warning",
        origin=StatusReporter.LAUNCHER,
    )


def _end(
    run: Run, status: RunStatus, outcome: AttemptOutcome, message: str, now: int
) -> Run:
    end_attempt_row(run, outcome, message, now)
    return change_status(
        run,
        status,
        actor=SERVER,
        now=now,
        message=message,
        level="warning",
        origin=StatusReporter.LAUNCHER,
    )
