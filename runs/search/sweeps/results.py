"""The results of a sweep's runs: their values, and their best primary metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from runs.models import Job, Key, KeyKind, Metric, Sweep
from studio.core.statuses import RunStatus
from studio.core.sweeps import MAXIMIZE


@dataclass(frozen=True)
class SweepResult:
    """One run of a sweep. `best` is None if it logged no finite value."""

    run_id: str
    name: str
    status: RunStatus
    values: Mapping[str, str]
    best: float | None
    #: Whether it logged the primary metric, finite or not.
    has_metric: bool
    #: Why it was stopped early; else empty.
    stop_reason: str


def list_results(sweep: Sweep) -> list[SweepResult]:
    """Return the sweep's runs in the order of their creation, without deleted ones."""
    columns = ("run_id", "run__run_id", "run__name", "run__status", "values")
    jobs = Job.objects.filter(sweep=sweep, run__deleted__isnull=True).order_by("pk")
    rows = list(jobs.values_list(*columns, "stop_reason"))
    best = _best_of_runs(sweep, [row[0] for row in rows])
    return [
        SweepResult(
            run_id,
            name,
            RunStatus.from_code(status),
            values or {},
            best.get(run),
            run in best,
            reason,
        )
        for run, run_id, name, status, values, reason in rows
    ]


def best_of(sweep: Sweep, results: Iterable[SweepResult]) -> SweepResult | None:
    """Return the result with the best metric: the first one of several."""
    sign = goal_sign(sweep)
    found = [each for each in results if each.best is not None]
    return max(found, key=lambda each: sign * (each.best or 0.0), default=None)


def count_stopped(sweep: Sweep) -> int:
    return Job.objects.filter(sweep=sweep).exclude(stop_reason="").count()


def goal_sign(sweep: Sweep) -> int:
    """By which values are multiplied so that the highest is the best."""
    return 1 if sweep.goal == MAXIMIZE else -1


def find_metric_key(sweep: Sweep) -> Key | None:
    """Return the key of the primary metric; None if no run of the workspace has it."""
    if not sweep.metric:
        return None
    keys = Key.objects.filter(kind=KeyKind.METRIC, name=sweep.metric)
    return keys.filter(workspace=sweep.run.workspace_id).first()


def read_heads(sweep: Sweep, runs: Sequence[int]) -> QuerySet[Metric]:
    """Return the series of the primary metric of these runs, by their primary keys.

    Without a join: the database could start from all runs that have the metric.
    """
    key = find_metric_key(sweep)
    if key is None:
        return Metric.objects.none()
    return Metric.objects.filter(key=key, run__in=runs)


def _best_of_runs(sweep: Sweep, runs: Sequence[int]) -> dict[int, float | None]:
    column = "max" if goal_sign(sweep) > 0 else "min"
    return {
        run: best if best is not None and math.isfinite(best) else None
        for run, best in read_heads(sweep, runs).values_list("run_id", column)
    }
