"""The worker's task for sweeps: adds children, stops runs early, ends sweeps on time.

Every step checks again under a lock what it changes, so two workers can do it at the
same time. What is kept in memory only saves work: after a restart it is found again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction

from runs.actions.actor import SERVER
from runs.actions.run import (
    lock_run_row,
    open_jobs,
    record_event_without_change,
    refresh_sweep,
    request_cancel,
)
from runs.actions.sweeps.bayesian import propose
from runs.actions.sweeps.children import add_children, free_places
from runs.models import Job, Run, Sampling, Sweep
from runs.search.sweeps import (
    RunToStop,
    SweepResult,
    count_values_of_running,
    find_runs_to_stop,
    list_results,
)
from studio.core.errors import StudioError
from studio.core.statuses import RunStatus
from studio.core.sweeps import is_due

log = logging.getLogger("studio.worker")

#: Children in one transaction, and the pause between two: other writers, which ask
#: SQLite for its lock at most every 0.1 seconds, get their turn.
BATCH, PAUSE_SECONDS = 25, 0.12
#: How long children are created before the worker does something else.
CREATING_SECONDS = 3
#: A Bayesian sample ends if this number of runs ended without the metric.
MAX_RUNS_WITHOUT_METRIC = 5
#: A sweep that fails so often in a row gets no more runs.
MAX_FAILURES = 5
MAX_TEXT = 500
#: Comparing takes at most this share of the worker's time.
COMPARING_SHARE = 0.1


@dataclass
class _Compared:
    """How far the runs of a sweep were compared, and when they are again."""

    intervals: dict[int, int] = field(default_factory=dict)
    not_before: float = 0.0
    #: How often in a row the sweep could not be advanced.
    failures: int = 0


class LiveSweeps:
    """Advance all sweeps that have not ended."""

    def __init__(self) -> None:
        self._compared: dict[int, _Compared] = {}

    def __call__(self, now: int) -> int:
        """Return how many sweeps there are. Without any, it is one query."""
        live = Sweep.objects.filter(is_live=True, run__deleted__isnull=True)
        sweeps = list(live.select_related("run"))
        until = time.monotonic() + CREATING_SECONDS
        self._compared = {
            sweep.pk: self._compared.get(sweep.pk, _Compared()) for sweep in sweeps
        }
        for sweep in sweeps:
            self._advance(sweep, self._compared[sweep.pk], now, until)
        return len(sweeps)

    def _advance(
        self, sweep: Sweep, compared: _Compared, now: int, until: float
    ) -> None:
        """Advance one sweep; whatever its settings do, the others go on."""
        try:
            _take_next_steps(sweep, compared, now, until)
            compared.failures = 0
        except (DatabaseError, OSError):
            # Such as a locked database: it is tried again.
            log.exception("The sweep of run %s failed.", sweep.run.run_id)
        except Exception as error:
            log.exception("The sweep of run %s failed.", sweep.run.run_id)
            compared.failures += 1
            if compared.failures >= MAX_FAILURES:
                # The server's log has the rest, which members don't need to see.
                name = type(error).__name__
                text = f"The sweep could not continue ({name} on the server)."
                _close(sweep, text, now)


def _take_next_steps(sweep: Sweep, compared: _Compared, now: int, until: float) -> None:
    """After `until` (`time.monotonic`) only one more batch of children is created."""
    state = sweep.run.state
    if state.is_final:
        refresh_sweep(sweep.pk, now=now)
        return
    if state is RunStatus.CANCEL_REQUESTED:
        return
    if sweep.deadline is not None and now >= sweep.deadline:
        _end_on_time(sweep, now)
        return
    if not sweep.is_complete:
        _add_children(sweep, now, until)
    # Before, no child has started.
    if sweep.policy is not None and state is RunStatus.RUNNING:
        _stop_early(sweep, compared, now)


def _add_children(sweep: Sweep, now: int, until: float) -> None:
    """Create missing children. An error closes the sweep: later ones fail, too."""
    try:
        if sweep.sampling == Sampling.BAYESIAN:
            _add_proposed_children(sweep, now)
            return
        while add_children(sweep, now=now, limit=BATCH):
            if time.monotonic() > until:
                return
            time.sleep(PAUSE_SECONDS)
    except StudioError as error:
        # Such as a target that was removed.
        log.warning("The sweep of run %s ends: %s", sweep.run.run_id, error)
        _close(sweep, str(error)[:MAX_TEXT], now)


def _add_proposed_children(sweep: Sweep, now: int) -> None:
    """Propose outside of a transaction, because it can take seconds."""
    free = free_places(sweep)
    if free <= 0:
        return
    results = list_results(sweep)
    if _lacks_metric(results):
        text = f"None of the first {MAX_RUNS_WITHOUT_METRIC} runs logged the metric."
        _close(sweep, text, now)
        return
    proposals = propose(sweep, free, results)
    if proposals:
        add_children(sweep, now=now, proposals=proposals)
    if len(proposals) < free:
        _close(sweep, "All combinations were tried.", now)


def _lacks_metric(results: Sequence[SweepResult]) -> bool:
    ended = [each for each in results if each.status.is_final]
    is_enough = len(ended) >= MAX_RUNS_WITHOUT_METRIC
    return is_enough and not any(each.has_metric for each in ended)


def _stop_early(sweep: Sweep, compared: _Compared, now: int) -> None:
    """Apply the policy to runs that have reached their next interval."""
    started = time.monotonic()
    if started < compared.not_before:
        return
    assert sweep.policy is not None
    counts = count_values_of_running(sweep)
    due = {run: is_due(sweep.policy, count) for run, count in counts.items()}
    new = {
        run: count
        for run, count in counts.items()
        if due[run] > compared.intervals.get(run, 0)
    }
    if not new:
        return
    for run in find_runs_to_stop(sweep, new):
        stop_run_early(run, now=now)
    compared.intervals = due
    finished = time.monotonic()
    compared.not_before = finished + (finished - started) / COMPARING_SHARE


@transaction.atomic
def stop_run_early(found: RunToStop, *, now: int) -> None:
    """Cancel a run for a reason that its job keeps, unless it has ended."""
    run = Run.objects.get(pk=found.run)
    lock_run_row(run)
    rows = Job.objects.filter(run=run, ended__isnull=True, stop_reason="")
    if rows.update(stop_reason=found.reason):
        request_cancel(run, actor=SERVER, now=now, children=True, message=found.reason)


def _end_on_time(sweep: Sweep, now: int) -> None:
    """Cancel what has not ended when the sweep reaches its max duration."""
    requested = RunStatus.CANCEL_REQUESTED.code
    late = open_jobs(sweep).exclude(run__status=requested).order_by("pk")
    if sweep.is_complete and not late.exists():
        return
    text = "The sweep reached its max duration."
    with transaction.atomic():
        _close(sweep, text, now)
        for job in late.select_related("run"):
            request_cancel(job.run, actor=SERVER, now=now, children=True, message=text)


@transaction.atomic
def _close(sweep: Sweep, text: str, now: int) -> bool:
    """Create no more children; return False if the sweep was closed before."""
    if not Sweep.objects.filter(pk=sweep.pk, closed="").update(closed=text):
        return False
    record_event_without_change(
        sweep.run, sweep.run.state, text, SERVER, now, level="warning"
    )
    transaction.on_commit(lambda: refresh_sweep(sweep.pk, now=now))
    return True
