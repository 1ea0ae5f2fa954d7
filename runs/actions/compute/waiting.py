"""A run that waits for its child runs lends its slot to them."""

from __future__ import annotations

from django.db import transaction

from runs.actions.run import iterate_descendants, lock_run_row
from runs.models import Job, Run


@transaction.atomic
def set_waiting(run: Run, waiting: bool, *, now: int) -> bool:
    """Record whether the run's script waits for runs below it; return if it counts.

    It counts only while such a run is active: a script can't get a slot by claiming to
    wait. A run without a job has no slot to lend.
    """
    lock_run_row(run)
    if waiting:
        waiting = any(below.state.is_active for below in iterate_descendants(run))
    jobs = Job.objects.taken().filter(run=run)
    return bool(jobs.update(is_waiting=waiting)) and waiting
