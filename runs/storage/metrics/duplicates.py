"""Drop exact duplicates of points: same step, time and value (NaN equals NaN).

Only chunks whose bounds can contain a point are read, so a series with growing steps
costs only its tail.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.models import Metric, MetricChunk
from runs.storage.metrics.chunks import unpack_row
from runs.storage.metrics.points import Points

#: A wider range of steps is sorted instead of looked up in a table.
MAX_TABLE_STEPS = 4_000_000

Identity = tuple[int, int, Any]


def drop_stored_points(
    series: Sequence[tuple[Metric, Points]], tails: dict[int, MetricChunk]
) -> list[Points]:
    """Drop points that are stored; reads only chunks that can contain them."""
    unique = [drop_repeated_points(points) for _, points in series]
    grown = {
        head.pk: points
        for (head, _), points in zip(series, unique, strict=True)
        if head.count and len(points) and not _is_after_stored_points(head, points)
    }
    known: dict[int, list[Points]] = {pk: [] for pk in grown}
    for row in _overlapping_chunks(grown):
        known[row.metric_id].append(unpack_row(row))
    for pk, tail in tails.items():
        if pk in grown and _could_contain(tail, grown[pk]):
            known[pk].append(unpack_row(tail))
    return [
        drop_known_points(points, known.get(head.pk, []))
        for (head, _), points in zip(series, unique, strict=True)
    ]


def _is_after_stored_points(head: Metric, points: Points) -> bool:
    """Whether all new steps are higher than the stored ones."""
    return int(points.steps.min()) > head.last_step


def _overlapping_chunks(grown: dict[int, Points]) -> Iterable[MetricChunk]:
    if not grown:
        return []
    # With bounds over all series, one query is enough.
    rows = MetricChunk.objects.filter(
        metric__in=grown,
        sealed=True,
        max_step__gte=min(int(points.steps.min()) for points in grown.values()),
        min_step__lte=max(int(points.steps.max()) for points in grown.values()),
        max_time__gte=min(int(points.times.min()) for points in grown.values()),
        min_time__lte=max(int(points.times.max()) for points in grown.values()),
    )
    wanted = [
        row.pk
        for row in rows.defer("data")
        if _could_contain(row, grown[row.metric_id])
    ]
    return MetricChunk.objects.filter(pk__in=wanted) if wanted else []


def _could_contain(row: MetricChunk, points: Points) -> bool:
    steps = (points.steps >= row.min_step) & (points.steps <= row.max_step)
    times = (points.times >= row.min_time) & (points.times <= row.max_time)
    return bool((steps & times).any())


def drop_repeated_points(points: Points) -> Points:
    """Drop repeated points within `points`."""
    # Growing steps are the usual case, and cannot repeat.
    if bool((points.steps[1:] > points.steps[:-1]).all()):
        return points
    seen: set[Identity] = set()
    keep = np.ones(len(points), np.bool_)
    for index, identity in enumerate(_point_identities(points)):
        keep[index] = identity not in seen
        seen.add(identity)
    return points if keep.all() else points.take(keep)


def drop_known_points(points: Points, known: Sequence[Points]) -> Points:
    """Drop the points that are in `known`."""
    if not len(points) or not known:
        return points
    there: set[Identity] = set()
    steps = _StepSet(points.steps)
    for part in known:
        # Compare arrays first: most points of a chunk share no step.
        near = steps.contains(part.steps)
        if near.any():
            there.update(_point_identities(part.take(near)))
    keep = np.array([identity not in there for identity in _point_identities(points)])
    return points if keep.all() else points.take(keep)


class _StepSet:
    """A set of steps: a table for a small range, as in most scripts, else sorted."""

    def __init__(self, steps: NDArray[np.int64]) -> None:
        self.low, self.high = int(steps.min()), int(steps.max())
        self.sorted, self.table = np.unique(steps), None
        if self.high - self.low < MAX_TABLE_STEPS:
            self.table = np.zeros(self.high - self.low + 1, np.bool_)
            self.table[steps - self.low] = True

    def contains(self, steps: NDArray[np.int64]) -> NDArray[np.bool_]:
        if self.table is None:
            return np.isin(steps, self.sorted)
        near = (steps >= self.low) & (steps <= self.high)
        near[near] = self.table[steps[near] - self.low]
        return near


def _point_identities(points: Points) -> list[Identity]:
    return [(step, time, _comparable_value(value)) for step, time, value in points]


def _comparable_value(value: Any) -> Any:
    # NaN is not equal to itself.
    if isinstance(value, float) and math.isnan(value):
        return "nan", 0
    # In Python `True == 1`, but they are different points.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__, value
    return value
