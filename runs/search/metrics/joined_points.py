"""A metric over another one of the same run, joined at the steps that both have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runs.models import Metric
from runs.render.charts import Line, smooth_values
from runs.search.metrics.metrics import CHART_POINTS, DrawnLine, time_origin
from runs.storage.metrics import Points, as_float, sample_positions, store


@dataclass(frozen=True)
class AxisPoints:
    """A series' numbers over an x axis, in the order in which they are joined."""

    points: Points
    xs: NDArray[np.float64]


def draw_line_over(head: Metric, over: Metric, *, weight: float = 0.0) -> DrawnLine:
    """The line of the series over another metric, every extreme kept.

    The steps of the line are the values of the other metric.
    """
    joined = join_on_steps(
        numeric_points(store.read(head)), numeric_points(store.read(over))
    )
    points, xs = joined.points, joined.xs
    line = Line(
        head.key.name,
        xs.tolist(),
        points.times.tolist(),
        points.values.tolist(),
        began=time_origin(head),
        smoothed=smooth_values(points.values.tolist(), weight) if weight else None,
    )
    total = len(points)
    if total <= CHART_POINTS:
        return DrawnLine(line, total, total)
    kept = sample_positions(points, CHART_POINTS).tolist()
    sampled = replace(
        line,
        steps=[line.steps[at] for at in kept],
        times=[line.times[at] for at in kept],
        values=[line.values[at] for at in kept],
        smoothed=line.smoothed and [line.smoothed[at] for at in kept],
    )
    return DrawnLine(sampled, len(kept), total)


def join_on_steps(points: Points, over: Points) -> AxisPoints:
    """At each step that both have, the last value of both, in the order of steps."""
    own, others = _last_per_step(points), _last_per_step(over)
    _, mine, theirs = np.intersect1d(
        points.steps[own], over.steps[others], assume_unique=True, return_indices=True
    )
    kept, xs = points.take(own[mine]), over.values[others[theirs]].astype(np.float64)
    drawn = np.isfinite(xs)
    return AxisPoints(kept.take(drawn), xs[drawn])


def _last_per_step(points: Points) -> NDArray[np.intp]:
    steps = points.steps
    # The steps are sorted: the last of equal ones precedes a change, or the end.
    return np.flatnonzero(np.append(steps[1:] != steps[:-1], len(steps) > 0))


def numeric_points(points: Points) -> Points:
    """The points whose value is a number; NaN and Infinity are."""
    if points.is_numeric:
        return points
    floats = [as_float(value) for value in points.values.tolist()]
    kept = np.array([value is not None for value in floats], np.bool_)
    values = np.array([v for v in floats if v is not None], np.float64)
    some = points.take(kept)
    return Points(some.steps, some.times, values, some.integers)
