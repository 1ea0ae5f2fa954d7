"""A run's metric points, as its charts and tables show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Metric, MetricKind, Run
from runs.render.chart_axes import Axis
from runs.render.charts import Line, smooth
from runs.storage.metrics import store
from runs.storage.points import Points, Value, as_float

#: How many points a line of a chart has, and one of a sparkline.
CHART_POINTS = 1000
SPARKLINE_POINTS = 96
#: Longer series have no sparkline: reading them would hold the page up.
MOST_READ = 500_000
#: Longer series are smoothed as sampled.
MOST_SMOOTHED = 200_000


@dataclass(frozen=True)
class Sketch:
    """What a sparkline is drawn from."""

    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class Drawing:
    """A line of a chart, and of how many points it was chosen."""

    line: Line
    shown: int
    total: int


@dataclass(frozen=True)
class ValueRow:
    """A step, when it was logged last, and the value of each asked metric there.

    A value is in a tuple of its own, for a logged null is not the same as none.
    """

    step: int
    time: int
    cells: tuple[tuple[Value] | None, ...]


def is_drawn(head: Metric) -> bool:
    """Whether the series is of numbers, as far as its last value tells."""
    return head.kind == MetricKind.SERIES and head.last_text is None


def sparkline_points(heads: Sequence[Metric]) -> dict[int, Sketch]:
    """By the head's key; one query."""
    short = [head for head in heads if is_drawn(head) and head.count <= MOST_READ]
    if not short:
        return {}
    found = store.sample_all(short, SPARKLINE_POINTS)
    return {
        key: Sketch(points.steps.tolist(), _floats(points))
        for key, points in found.items()
    }


def draw(
    head: Metric,
    axis: Axis,
    *,
    weight: float = 0.0,
    start: int | None = None,
    stop: int | None = None,
) -> Drawing:
    """The series' line, every extreme kept; only of steps from `start` to `stop`."""
    chosen, total = store.sample(head, CHART_POINTS, start, stop)
    if axis is not Axis.STEP:
        chosen = chosen.in_time_order()
    smoothed = _smoothed(head, chosen, axis, weight, total) if weight else None
    line = Line(
        head.key.name,
        chosen.steps.tolist(),
        chosen.times.tolist(),
        _floats(chosen),
        began=_began(head),
        smoothed=smoothed,
    )
    return Drawing(line, len(chosen), total)


def _began(head: Metric) -> int:
    """What relative time counts from: the run's start, by the writer's clock."""
    started: int | None = head.run.started
    if started is not None and started <= head.first_time:
        return started
    return head.first_time


def _smoothed(
    head: Metric, chosen: Points, axis: Axis, weight: float, total: int
) -> list[float]:
    """Smoothed over all points where they are not too many, seen at the chosen ones."""
    if len(chosen) == total == head.count or head.count > MOST_SMOOTHED:
        return smooth(_floats(chosen), weight)
    points = store.read(head)
    if axis is not Axis.STEP:
        points = points.in_time_order()
    smoothed = smooth(_floats(points), weight)
    places = zip(points.steps.tolist(), points.times.tolist(), strict=True)
    by_place = dict(zip(places, smoothed, strict=True))
    asked = zip(chosen.steps.tolist(), chosen.times.tolist(), strict=True)
    return [by_place[place] for place in asked]


def newest_values(heads: Sequence[Metric], limit: int) -> list[ValueRow]:
    """The newest `limit` steps of several series, side by side, newest first.

    Of several points at a step the last counts. One or two queries per series.
    """
    columns = [_newest(head, limit) for head in heads]
    steps = sorted({step for column in columns for step in column}, reverse=True)
    return [_row(step, columns) for step in steps[:limit]]


def _newest(head: Metric, limit: int) -> dict[int, tuple[int, Value]]:
    """The series' last points by step: read from where they probably begin."""
    span = max(head.last_step - head.first_step, 0)
    wanted = math.ceil(2 * limit * (span + 1) / max(head.count, 1))
    start = max(head.last_step - wanted, head.first_step)
    found: dict[int, tuple[int, Value]] = {}
    if head.count > 2 * limit:
        points = store.read(head, start)
        found = {step: (time, value) for step, time, value in points}
    if len(found) < limit:
        points = store.read(head)
        found = {step: (time, value) for step, time, value in points}
    return found


def _row(step: int, columns: Sequence[dict[int, tuple[int, Value]]]) -> ValueRow:
    cells = [column.get(step) for column in columns]
    return ValueRow(
        step,
        max(cell[0] for cell in cells if cell is not None),
        tuple(None if cell is None else (cell[1],) for cell in cells),
    )


def find_series(run: Run, keys: Sequence[str]) -> list[Metric]:
    """The heads of those names that the run has, in the order of `keys`."""
    rows = Metric.objects.filter(run=run, key__name__in=keys).select_related(
        "key", "run"
    )
    heads = {head.key.name: head for head in rows}
    return [heads[key] for key in dict.fromkeys(keys) if key in heads]


def _floats(points: Points) -> list[float]:
    """The values as numbers; what is none of them is a gap."""
    if points.is_numeric:
        values: list[float] = points.values.tolist()
        return values
    numbers = (as_float(value) for value in points.values.tolist())
    return [math.nan if number is None else number for number in numbers]
