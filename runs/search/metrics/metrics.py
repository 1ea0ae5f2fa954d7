"""A run's metric points, as its charts and tables show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Metric, MetricKind, Run
from runs.render.charts import Axis, Line, smooth_values
from runs.storage.metrics import (
    Points,
    Value,
    as_float,
    make_points,
    sample_positions,
    store,
)

#: How many points a line of a chart has, and one of a sparkline.
CHART_POINTS = 1000
SPARKLINE_POINTS = 96
#: Longer series have no sparkline: reading them would hold the page up.
MAX_SPARKLINE_READ = 500_000
#: Longer series are smoothed as sampled.
MAX_SMOOTHED = 200_000
NUMERIC_KINDS = (MetricKind.SERIES, MetricKind.LIST)


@dataclass(frozen=True)
class Sparkline:
    """What a sparkline is drawn from."""

    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class DrawnLine:
    """A line of a chart, and of how many points it was chosen."""

    line: Line
    shown: int
    total: int


@dataclass(frozen=True)
class StepRow:
    """A step, when it was logged last, and the value of each asked metric there.

    A value is in a tuple of its own, for a logged null is not the same as none.
    """

    step: int
    time: int
    cells: tuple[tuple[Value] | None, ...]


def has_numbers(head: Metric) -> bool:
    """Whether the series has numbers to draw, whatever else stands among them."""
    # A series of numbers can end with a text.
    numbers = head.last_text is None or head.min is not None
    return head.kind in NUMERIC_KINDS and numbers


def sparkline_points(heads: Sequence[Metric]) -> dict[int, Sparkline]:
    """By the head's key; one query."""
    short = [
        head for head in heads if has_numbers(head) and head.count <= MAX_SPARKLINE_READ
    ]
    if not short:
        return {}
    found = store.sample_all(short, SPARKLINE_POINTS)
    return {
        key: Sparkline(points.steps.tolist(), points.values.tolist())
        for key, points in ((key, _only_numbers(held)) for key, held in found.items())
    }


@dataclass(frozen=True)
class PointRange:
    """A stretch of an axis: steps, or times in ms; None reaches to the end."""

    start: int | None = None
    stop: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.start is None and self.stop is None


def draw_line(
    head: Metric, axis: Axis, *, weight: float = 0.0, window: PointRange = PointRange()
) -> DrawnLine:
    """The line of the series' numbers within the window, every extreme kept."""
    points: Points | None = None
    found = _read_sample(head, window)
    if found is None:
        points = _only_numbers(_read_points(head, axis, window))
        found = points, len(points)
    chosen, total = found
    if len(chosen) > CHART_POINTS:
        chosen = chosen.take(sample_positions(chosen, CHART_POINTS))
    if axis is not Axis.STEP:
        chosen = chosen.in_time_order()
    smoothed = None
    if weight:
        whole = points if window.is_whole else None
        smoothed = _smooth_points(head, chosen, axis, weight, whole)
    line = Line(
        head.key.name,
        chosen.steps.tolist(),
        chosen.times.tolist(),
        chosen.values.tolist(),
        began=time_origin(head),
        smoothed=smoothed,
    )
    return DrawnLine(line, len(chosen), total)


def _read_sample(head: Metric, window: PointRange) -> tuple[Points, int] | None:
    """Of a whole series that is too long to be smoothed: its sample, if it has one."""
    if not window.is_whole or head.count <= MAX_SMOOTHED:
        return None
    return store.sample_chunk_by_chunk(head, CHART_POINTS)


def _read_points(head: Metric, axis: Axis, window: PointRange) -> Points:
    if axis is Axis.STEP:
        return store.read(head, window.start, window.stop)
    points = store.read(head)
    if window.start is not None:
        points = points.take(points.times >= window.start)
    if window.stop is not None:
        points = points.take(points.times <= window.stop)
    return points


def _only_numbers(points: Points) -> Points:
    """Without texts and the like, which no line has."""
    if points.is_numeric:
        return points
    numbers = [as_float(value) for value in points.values.tolist()]
    kept = [at for at, value in enumerate(numbers) if value is not None]
    values = [value for value in numbers if value is not None]
    steps, times = points.steps[kept].tolist(), points.times[kept].tolist()
    return make_points(steps, times, values)


def time_origin(head: Metric) -> int:
    """What relative time counts from: the run's start, by the writer's clock."""
    started: int | None = head.run.started
    # Points can be older than the start of the run. Relative time is never negative.
    if started is not None and started <= head.first_time:
        return started
    return head.first_time


def _smooth_points(
    head: Metric, chosen: Points, axis: Axis, weight: float, whole: Points | None
) -> list[float]:
    """Smoothed over all points where they are not too many, seen at the chosen ones."""
    if whole is chosen or head.count > MAX_SMOOTHED:
        return smooth_values(chosen.values.tolist(), weight)
    points = _only_numbers(store.read(head)) if whole is None else whole
    if axis is not Axis.STEP:
        points = points.in_time_order()
    smoothed = smooth_values(points.values.tolist(), weight)
    places = zip(points.steps.tolist(), points.times.tolist(), strict=True)
    by_place = dict(zip(places, smoothed, strict=True))
    asked = zip(chosen.steps.tolist(), chosen.times.tolist(), strict=True)
    return [by_place[place] for place in asked]


@dataclass(frozen=True)
class TimeSpan:
    """Where some series begin, and how long they are, in ms."""

    began: int
    length: int


def time_span(heads: Sequence[Metric]) -> TimeSpan:
    """That of the whole series, also where only a part of them is drawn."""
    start = min((time_origin(head) for head in heads), default=0)
    length = max((head.last_time - time_origin(head) for head in heads), default=0)
    return TimeSpan(start, length)


def newest_step_rows(newest: Sequence[Points], limit: int) -> list[StepRow]:
    """The newest `limit` steps of several series, side by side, newest first.

    `newest` are the series' last points; of several at a step the last counts.
    """
    columns = [
        {step: (time, value) for step, time, value in points} for points in newest
    ]
    steps = sorted({step for column in columns for step in column}, reverse=True)
    return [_step_row(step, columns) for step in steps[:limit]]


def _step_row(step: int, columns: Sequence[dict[int, tuple[int, Value]]]) -> StepRow:
    cells = [column.get(step) for column in columns]
    return StepRow(
        step,
        max(cell[0] for cell in cells if cell is not None),
        tuple(None if cell is None else (cell[1],) for cell in cells),
    )


def find_metrics_by_name(run: Run, keys: Sequence[str]) -> list[Metric]:
    """The heads of those names that the run has, in the order of `keys`."""
    rows = Metric.objects.filter(run=run, key__name__in=keys).select_related(
        "key", "run"
    )
    heads = {head.key.name: head for head in rows}
    return [heads[key] for key in dict.fromkeys(keys) if key in heads]
