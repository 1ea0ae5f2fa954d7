"""Lines of several runs: each metric's points, chosen so that every extreme stays.

One query reads the points of all lines, one series at a time. A series that is text,
or that would make the answer too long, is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runs.models import Metric
from runs.render.charts import Line, smooth_at
from runs.search.charts.drawn_runs import ChartRun
from runs.search.metrics import (
    CHART_POINTS,
    AxisPoints,
    has_numbers,
    join_on_steps,
    numeric_points,
    time_origin,
)
from runs.storage.metrics import Points, sample_positions, store
from studio.core.filters.tree import Field
from studio.core.view_charts import Chart

#: The most lines of a chart, points that are read for it, and points that are drawn.
MAX_LINES = 100
MAX_POINTS_READ = 40_000_000
MAX_POINTS_DRAWN = 20_000
MIN_LINE_POINTS = 100

Heads = Mapping[tuple[int, str], Metric]


@dataclass(frozen=True)
class AxisRange:
    """What of the x axis is asked for: steps, or ms for the axes of time."""

    start: float | None = None
    stop: float | None = None

    def contains(self, xs: NDArray[np.float64]) -> NDArray[np.bool_]:
        low = -np.inf if self.start is None else self.start
        high = np.inf if self.stop is None else self.stop
        return (xs >= low) & (xs <= high)


@dataclass(frozen=True)
class Series:
    """What a line is drawn from: a run's metric, over its own x metric if any."""

    run: ChartRun
    field: Field
    #: Which of the chart's metrics it is, from 0.
    place: int
    head: Metric
    over: Metric | None = None


@dataclass(frozen=True)
class Curve:
    """A line: its run, metric, and the number of points before sampling."""

    series: Series
    line: Line
    shown: int
    total: int


@dataclass(frozen=True)
class ChosenSeries:
    """The series to draw, and how many runs have none, or only text, or too much."""

    series: list[Series]
    missing: int = 0
    texts: int = 0
    beyond: int = 0


def choose_series(
    runs: Sequence[ChartRun], heads: Heads, chart: Chart, max_lines: int = MAX_LINES
) -> ChosenSeries:
    found: list[Series] = []
    missing, texts, beyond, read = set(), set(), 0, 0
    x_field = chart.x_metric
    for place, field in enumerate(chart.fields):
        for run in runs:
            head = heads.get((run.run.pk, field.key))
            over = heads.get((run.run.pk, x_field.key)) if x_field else None
            if head is None or (x_field and over is None):
                missing.add(run.run.pk)
            elif not has_numbers(head) or (over is not None and not has_numbers(over)):
                texts.add(run.run.pk)
            elif len(found) >= max_lines or read + head.count > MAX_POINTS_READ:
                beyond += 1
            else:
                read += head.count
                found.append(Series(run, field, place, head, over))
    # A run that has one of several metrics is drawn, and so does not count.
    drawn = {each.run.run.pk for each in found}
    return ChosenSeries(found, len(missing - drawn), len(texts - drawn), beyond)


def draw_curves(
    series: Sequence[Series], chart: Chart, window: AxisRange
) -> list[Curve]:
    """The lines in the order of `series`."""
    max_points = max(
        MIN_LINE_POINTS, min(CHART_POINTS, MAX_POINTS_DRAWN // max(len(series), 1))
    )
    found = {
        id(each): _sampled_curve(each, read, chart, max_points)
        for each, read in read_series(series, chart, window)
    }
    return [found[id(each)] for each in series if id(each) in found]


def read_series(
    series: Sequence[Series], chart: Chart, window: AxisRange
) -> Iterator[tuple[Series, AxisPoints]]:
    """All points of each series that lie in the window, sorted along the axis."""
    by_head = {each.head.pk: each for each in series}
    steps: tuple[int | None, int | None] = (None, None)
    if chart.axis == "step":
        steps = (_clamp_step(window.start), _clamp_step(window.stop))
    for key, points in store.read_series_by_series(
        [each.head for each in series], *steps
    ):
        each = by_head[key]
        read = _points_on_axis(each, numeric_points(points), chart)
        if chart.axis != "step":
            inside = window.contains(read.xs)
            # In a mean, points outside of the window would count.
            if each.over is not None and not chart.groups:
                inside = _include_neighbors(inside)
            if not inside.all():
                read = AxisPoints(read.points.take(inside), read.xs[inside])
        if len(read.xs):
            yield each, read


def _include_neighbors(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A metric goes back and forth: a line that leaves the window and comes back ends
    and begins outside of it, so that no invented line crosses it.
    """
    wide = inside.copy()
    wide[1:] |= inside[:-1]
    wide[:-1] |= inside[1:]
    return wide


def _clamp_step(end: float | None) -> int | None:
    # Steps are integers of 64 bits, which an address can exceed.
    return None if end is None else int(min(max(end, -(2.0**62)), 2.0**62))


def _points_on_axis(series: Series, points: Points, chart: Chart) -> AxisPoints:
    if series.over is not None:
        return join_on_steps(points, numeric_points(store.read(series.over)))
    if chart.axis == "step":
        return AxisPoints(points, points.steps.astype(np.float64))
    points = points.in_time_order()
    start = time_origin(series.head) if chart.axis == "relative" else 0
    return AxisPoints(points, (points.times - start).astype(np.float64))


def _sampled_curve(
    series: Series, read: AxisPoints, chart: Chart, max_points: int
) -> Curve:
    points, total = read.points, len(read.points)
    picked = (
        sample_positions(points, max_points) if total > max_points else np.arange(total)
    )
    smoothed = None
    if chart.smoothing:
        smoothed = smooth_at(points.values, picked, chart.smoothing).tolist()
    line = Line(
        series.run.name,
        (read.xs if series.over is not None else points.steps)[picked].tolist(),
        points.times[picked].tolist(),
        points.values[picked].tolist(),
        began=time_origin(series.head),
        smoothed=smoothed,
    )
    return Curve(series, line, len(picked), total)
