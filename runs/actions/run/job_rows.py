"""What a change of a run's status does to its job and to its sweep.

The run's row is locked before the job's, so that no transactions deadlock.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Q

from runs.models import AttemptOutcome, Job, JobAttempt, JobQuerySet, Run, Sweep
from runs.storage.prepared import PreparedRows, PreparedUpdate
from studio.core.statuses import RunStatus

_OUTCOMES = {
    RunStatus.COMPLETED: AttemptOutcome.COMPLETED,
    RunStatus.FAILED: AttemptOutcome.FAILED,
    RunStatus.CANCELED: AttemptOutcome.CANCELED,
}


# Prepared, because a canceled sweep ends up to a thousand queued jobs at once.
_withdraw = PreparedUpdate(
    lambda run, now: (Job.objects.queued().filter(run=run), {"ended": now})
)
_end = PreparedUpdate(
    lambda run, now: (
        Job.objects.filter(run=run, ended__isnull=True),
        {"ended": now, "is_waiting": False, "lease_expires": None},
    )
)
_end_attempt = PreparedUpdate(
    lambda run, outcome, message, now: (
        JobAttempt.objects.filter(
            job__in=Job.objects.filter(run=run).values("pk"), ended__isnull=True
        ),
        {"ended": now, "outcome": outcome, "message": message},
    )
)
_sweeps = PreparedRows(lambda run: Job.objects.filter(run=run).values_list("sweep"))


def lock_run_row(run: Run) -> None:
    """Lock the run's row, before rows of its job are changed."""
    if connection.vendor != "postgresql":
        # SQLite has one writer at a time.
        return
    # Not its key: rows that refer to the run, such as tokens, can be inserted.
    rows = Run.objects.select_for_update(no_key=True)
    list(rows.filter(pk=run.pk).values_list("pk"))


def withdraw_job(run: Run, now: int) -> bool:
    """Take the run out of its queue; return False if no job of it is queued."""
    lock_run_row(run)
    return bool(_withdraw(run.pk, now))


def end_job(run: Run, status: RunStatus, message: str, now: int) -> None:
    """End the run's job, if it has one, because the run has ended."""
    _end(run.pk, now)
    end_attempt_row(run, _OUTCOMES[status], message, now)


def end_attempt_row(run: Run, outcome: AttemptOutcome, message: str, now: int) -> None:
    """Record how the run's current attempt ended."""
    _end_attempt(run.pk, outcome.value, message, now)


def sweep_of_job(run: Run) -> int | None:
    """Return the key of the sweep that the run belongs to."""
    for [sweep] in _sweeps.all(run.pk):
        return None if sweep is None else int(sweep)
    return None


def is_sweep(run: Run) -> bool:
    """Return whether the run is the parent of a sweep, and so has no process."""
    return Sweep.objects.filter(run=run).exists()


def open_jobs(sweep: Sweep) -> JobQuerySet:
    """Return the jobs of a sweep that can still start or end."""
    # A queued run in the trash does not start, but a running one goes on.
    alive = Q(run__deleted__isnull=True) | Q(agent__isnull=False)
    return Job.objects.filter(alive, sweep=sweep, ended__isnull=True)


def has_started(sweep: Sweep) -> bool:
    return JobAttempt.objects.filter(job__sweep=sweep).exists()


def may_be_retried(run: Run) -> bool:
    """Return whether a failure of the current attempt starts another one."""
    job = Job.objects.filter(run=run, ended__isnull=True).first()
    if job is None or job.max_attempts <= 1:
        return False
    failed = job.attempts.filter(outcome=AttemptOutcome.FAILED).count()
    return failed + 1 < job.max_attempts
