"""The mean of several runs' lines, with how far they lie apart.

Runs are averaged at the same step, or, where there are too many
different places on the axis, within the same of 500 equal stretches of it, a run
counting once in each by the mean of what it logged there. The spread is the standard
deviation of a sample (n - 1), or from the least to the greatest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runs.search.charts.grouped_runs import ChartGroup
from runs.search.charts.run_curves import AxisRange, Series, read_series
from runs.search.groups import Floats, mean_and_std, means_by_position
from runs.search.metrics import AxisPoints
from studio.core.view_charts import Chart

#: From this many positions on, intervals are used; and their number.
MAX_EXACT_POSITIONS, INTERVALS = 1000, 500
#: In percent: the ends of the band of nine runs in ten and of half, and the median.
QUANTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class MeanCurve:
    """A group's mean of a metric; `odd` has the places of NaN and Infinity."""

    group: ChartGroup
    place: int
    xs: Floats
    mean: Floats
    std: Floats
    least: Floats
    greatest: Floats
    counts: NDArray[np.int64]
    nonfinite: list[tuple[float, float]]
    #: Whether each place is a stretch of the axis.
    is_binned: bool
    #: How many of the runs have begun, and not ended, at each place.
    alive: NDArray[np.int64]
    #: The values that these shares of the runs (`QUANTILES`) are below, if asked for.
    quantiles: tuple[Floats, ...] = ()


def draw_mean_curves(
    groups: Sequence[ChartGroup],
    series: Sequence[Series],
    chart: Chart,
    window: AxisRange,
    *,
    with_quantiles: bool = False,
) -> list[MeanCurve]:
    """For each metric of the chart and each group that has it."""
    group_of = {run.run.pk: group for group in groups for run in group.runs}
    read: dict[tuple[int, int], list[AxisPoints]] = {}
    for each, placed in read_series(series, chart, window):
        group = group_of[each.run.run.pk]
        key = (each.place, group.number)
        read.setdefault(key, []).append(placed)
    by_number = {group.number: group for group in groups}
    return [
        _mean_curve(by_number[number], place, lines, with_quantiles=with_quantiles)
        for (place, number), lines in sorted(read.items())
    ]


def _mean_curve(
    group: ChartGroup,
    place: int,
    lines: Sequence[AxisPoints],
    *,
    with_quantiles: bool,
) -> MeanCurve:
    known = np.unique(np.concatenate([line.xs for line in lines]))
    is_binned = len(known) > MAX_EXACT_POSITIONS
    edges = np.linspace(known[0], known[-1], INTERVALS + 1) if is_binned else known
    count = INTERVALS if is_binned else len(known)
    table = np.full((len(lines), count), np.nan)
    nonfinite: list[tuple[float, float]] = []
    for row, line in enumerate(lines):
        values = line.points.values
        whole = np.isfinite(values)
        nonfinite += _nonfinite_points(line.xs[~whole], values[~whole])
        at = _bin_positions(line.xs[whole], edges, is_binned=is_binned)
        table[row] = _run_value_per_position(
            at, values[whole], count, last=not is_binned
        )
    seen = np.isfinite(table)
    counts = seen.sum(axis=0)
    # An interval without a value has no mean.
    some = counts > 0
    table, counts = table[:, some], counts[some]
    xs = ((edges[:-1] + edges[1:]) / 2)[some] if is_binned else known[some]
    mean, std = mean_and_std(table)
    return MeanCurve(
        group,
        place,
        xs,
        mean,
        std,
        np.nanmin(table, axis=0),
        np.nanmax(table, axis=0),
        counts,
        nonfinite[:100],
        is_binned,
        _count_alive(lines, xs, width=edges[1] - edges[0] if is_binned else 0.0),
        tuple(np.nanpercentile(table, QUANTILES, axis=0)) if with_quantiles else (),
    )


def _count_alive(
    lines: Sequence[AxisPoints], xs: Floats, *, width: float
) -> NDArray[np.int64]:
    """Runs log at different places: one without a value there may still go on."""
    begins = np.sort([line.xs.min() for line in lines]) - width / 2
    ends = np.sort([line.xs.max() for line in lines]) + width / 2
    begun = np.searchsorted(begins, xs, side="right")
    return np.asarray(begun - np.searchsorted(ends, xs, side="left"), np.int64)


def _nonfinite_points(xs: Floats, values: Floats) -> list[tuple[float, float]]:
    return list(zip(xs[:100].tolist(), values[:100].tolist(), strict=True))


def _bin_positions(xs: Floats, edges: Floats, *, is_binned: bool) -> NDArray[np.intp]:
    if not is_binned:
        return np.searchsorted(edges, xs)
    # The last edge belongs to the last interval.
    return np.clip(np.searchsorted(edges, xs, side="right") - 1, 0, INTERVALS - 1)


def _run_value_per_position(
    at: NDArray[np.intp], values: Floats, count: int, *, last: bool
) -> Floats:
    """The run's value in each place: its last there, or the mean of a stretch."""
    if not last:
        return means_by_position(at, values, count)
    found = np.full(count, np.nan)
    # numpy assigns in order, so the last value at a position remains.
    found[at] = values
    return found
