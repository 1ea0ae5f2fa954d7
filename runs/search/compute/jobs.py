"""The job of one run: its place, its attempts, the sweep that it belongs to."""

from __future__ import annotations

from runs.models import Job, JobAttempt, Run, Sweep

#: A run can start so often; more than any page wants to show.
MAX_SHOWN_ATTEMPTS = 100


def find_job(run: Run) -> Job | None:
    rows = Job.objects.filter(run=run)
    return rows.select_related("target", "agent", "sweep").first()


def list_attempts(job: Job) -> list[JobAttempt]:
    """Return the starts of the job's run, the first one first."""
    rows = JobAttempt.objects.filter(job=job).order_by("number")
    return list(rows[:MAX_SHOWN_ATTEMPTS])


def find_sweep(run: Run) -> Sweep | None:
    """Return the sweep whose parent run this is."""
    return Sweep.objects.filter(run=run).first()
