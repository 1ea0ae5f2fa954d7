"""Which runs of a sweep its policy stops, from the values that they logged.

Values are compared after the same number of intervals: the best of the first `k` values
of a run, with the first `k` values of the others. A value that is not finite is the
worst. Curves are read one after another, so that one of them is in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.models import Job, MetricKind, Sweep
from runs.search.sweeps.results import goal_sign, read_heads
from runs.storage.metrics import Points, as_float, store
from studio.core.sweeps import BANDIT, MEDIAN, is_due

Floats = NDArray[np.float64]
_KINDS = (MetricKind.SERIES, MetricKind.LIST)


@dataclass(frozen=True)
class RunToStop:
    run: int
    reason: str


@dataclass(frozen=True)
class _Curve:
    """What a run reached after each interval that is looked at; missing without any."""

    run: int
    has_ended: bool
    count: int
    best: Mapping[int, float]
    mean: Mapping[int, float | None] = field(default_factory=dict)

    def takes_part(self, interval: int) -> bool:
        """Whether it got as far, or will get no further."""
        return self.count > 0 and (self.count >= interval or self.has_ended)


def count_values_of_running(sweep: Sweep) -> dict[int, int]:
    """Return how many values each running child has logged, with three queries."""
    running = Job.objects.taken().filter(sweep=sweep, stop_reason="")
    runs = list(running.values_list("run_id", flat=True))
    if not runs:
        return {}
    heads = read_heads(sweep, runs).filter(kind__in=_KINDS)
    return dict(heads.values_list("run_id", "count"))


def find_runs_to_stop(sweep: Sweep, counts: Mapping[int, int]) -> list[RunToStop]:
    """Return the runs of `counts` that the policy stops after their last interval."""
    policy = sweep.policy
    assert policy is not None
    due = {run: is_due(policy, count) for run, count in counts.items()}
    due = {run: interval for run, interval in due.items() if interval}
    if not due:
        return []
    curves = list(_read_curves(sweep, sorted(set(due.values()))))
    own = {curve.run: curve for curve in curves}
    sign = goal_sign(sweep)
    limits = {
        interval: _find_limit(policy, curves, interval, sign)
        for interval in set(due.values())
    }
    found = []
    for run, interval in due.items():
        if run in own:
            limit = limits[interval]
            if limit is not None and own[run].best[interval] < limit:
                text = _reason(sweep, own[run].best[interval], limit, interval)
                found.append(RunToStop(run, text))
    return found


def _find_limit(
    policy: Mapping[str, Any], curves: Sequence[_Curve], interval: int, sign: int
) -> float | None:
    """Return the value below which a run is stopped; None if none is."""
    if policy["type"] == BANDIT:
        best = max((curve.best[interval] for curve in curves), default=-np.inf)
        return best - _slack(policy, best, sign) if np.isfinite(best) else None
    compared = [curve for curve in curves if curve.takes_part(interval)]
    if policy["type"] == MEDIAN:
        means = [curve.mean[interval] for curve in compared]
        known = [mean for mean in means if mean is not None]
        return float(np.median(known)) if known else None
    if policy["exclude_finished_jobs"]:
        compared = [curve for curve in compared if not curve.has_ended]
    ordered = sorted(curve.best[interval] for curve in compared)
    stopped = int(len(ordered) * policy["truncation_percentage"] / 100)
    return ordered[stopped] if ordered else None


def _slack(policy: Mapping[str, Any], best: float, sign: int) -> float:
    """How much worse than the best a run can be.

    As in v1, a factor allows best / (1 + factor) if the highest is the best, and
    best * (1 + factor) if the lowest is. The distance is the same for negative values.
    """
    if "slack_amount" in policy:
        return float(policy["slack_amount"])
    factor = float(policy["slack_factor"])
    return abs(best) * (factor / (1 + factor) if sign > 0 else factor)


def _reason(sweep: Sweep, own: float, limit: float, interval: int) -> str:
    sign = goal_sign(sweep)
    kind = (sweep.policy or {}).get("type")
    best = f"{sign * own:.6g}" if np.isfinite(own) else "not finite"
    compared = {
        BANDIT: "the slack from the best run allows",
        MEDIAN: "the median of all runs is",
    }.get(str(kind), "the lowest that is kept is")
    return (
        f"Stopped early after {interval} values: best {sweep.metric} is {best}, "
        f"{compared} {sign * limit:.6g}"
    )


def _read_curves(sweep: Sweep, intervals: Sequence[int]) -> Iterator[_Curve]:
    jobs = Job.objects.filter(sweep=sweep, run__deleted__isnull=True)
    ends = jobs.values_list("run_id", "ended")
    has_ended = {run: ended is not None for run, ended in ends}
    heads = list(read_heads(sweep, list(has_ended)).filter(kind__in=_KINDS))
    runs = {head.pk: head.run_id for head in heads}
    sign = goal_sign(sweep)
    for head, points in store.read_series_by_series(heads):
        run = runs[head]
        yield make_curve(run, has_ended[run], sign * _as_numbers(points), intervals)


def make_curve(
    run: int, has_ended: bool, values: Floats, intervals: Iterable[int]
) -> _Curve:
    """Summarize values; the highest is the best."""
    finite = np.isfinite(values)
    best, mean = {}, {}
    for interval in intervals:
        kept = values[:interval][finite[:interval]]
        best[interval] = float(kept.max()) if len(kept) else -np.inf
        mean[interval] = float(kept.mean()) if len(kept) else None
    return _Curve(run, has_ended, len(values), best, mean)


def _as_numbers(points: Points) -> Floats:
    if points.is_numeric:
        return np.asarray(points.values, dtype=np.float64)
    numbers = [as_float(value) for value in points.values.tolist()]
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)
