"""From a chart and its runs to the figure that the page's script draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from runs.pages.chart_notes import (
    not_placed,
    of_columns,
    of_dots,
    of_heights,
    of_runs,
    of_series,
    sampled,
)
from runs.pages.chart_runs import ChartRuns
from runs.pages.chart_titles import group_label
from runs.render.binned_charts import bins_of, histogram_figure
from runs.render.chart_axes import Axis, on_clock
from runs.render.charts import Line, smooth
from runs.render.parallel import Dimension, parallel_figure
from runs.render.pills import field_label
from runs.render.run_charts import Band, DrawnLine, Look, line_figure
from runs.render.series_dashes import SOLID, dash_of_number, dash_of_place
from runs.render.value_charts import (
    Dot,
    bar_figure,
    scatter_figure,
)
from runs.search.mean_curves import MeanCurve, mean_curves
from runs.search.means import band_of, mean_and_std
from runs.search.run_curves import Chosen, Window, choose_series, curves_of
from runs.search.run_groups import group_runs
from runs.search.run_metrics import began
from runs.search.run_values import Column, column_of
from studio.core.filters.text import field_text
from studio.core.viewcharts import Chart

Figure = dict[str, Any]


@dataclass(frozen=True)
class Drawing:
    """A figure, and what has to be said of it: what was left out, and why."""

    figure: Figure
    notes: list[str]


def draw(
    chart: Chart, drawn: ChartRuns, zone: tzinfo, window: Window | None = None
) -> Drawing:
    """The figure of any kind; `window` narrows the x axis of lines."""
    if chart.kind == "line":
        made = _lines(chart, drawn, zone, window or _whole(chart))
    elif chart.kind == "histogram":
        made = _histogram(chart, drawn, zone)
    else:
        made = _values(chart, drawn, zone)
    return Drawing(made.figure, [*made.notes, *of_runs(drawn)])


def look_of(chart: Chart) -> Look:
    over = chart.x_metric
    axis = Axis(chart.axis) if chart.axis else Axis.STEP
    title = field_label(over) if over else ""
    return Look(axis, title, chart.log_x, chart.log_y, chart.y_range, chart.x_range)


def _whole(chart: Chart) -> Window:
    """What a chart shows unless it is zoomed."""
    unit = 1000 if chart.axis == "relative" else 1
    return Window(*(end if end is None else end * unit for end in chart.x_range))


def _lines(chart: Chart, drawn: ChartRuns, zone: tzinfo, window: Window) -> Drawing:
    chosen = choose_series(drawn.runs, drawn.heads, chart)
    notes = of_series(chosen)
    if chart.groups:
        return Drawing(*_means(chart, drawn, chosen, zone, window, notes))
    curves = curves_of(chosen.series, chart, window)
    several = len(chart.fields) > 1
    lines = []
    for curve in curves:
        run, place = curve.series.run, curve.series.place
        dash = dash_of_place(place) if several else _dash(run.number, drawn)
        metric = field_label(chart.fields[place]) if several else ""
        key = f"{run.name} · {metric}" if several else run.name
        line = replace(curve.line, key=key)
        lines.append(
            DrawnLine(line, run.number, dash, run.run.run_id, run.name, metric)
        )
    cut = [curve for curve in curves if curve.shown < curve.total]
    if cut:
        notes.insert(0, sampled(sum(c.shown for c in cut), sum(c.total for c in cut)))
    notes += of_heights(chart, (curve.line.values for curve in curves))
    span = _span(chosen)
    return Drawing(line_figure(lines, look_of(chart), zone=zone, span=span), notes)


def _dash(number: int, drawn: ChartRuns) -> str:
    return dash_of_place(number - 1) if drawn.by_place else dash_of_number(number)


def _means(
    chart: Chart,
    drawn: ChartRuns,
    chosen: Chosen,
    zone: tzinfo,
    window: Window,
    notes: list[str],
) -> tuple[Figure, list[str]]:
    groups = group_runs(drawn.runs, chart)
    curves = mean_curves(groups, chosen.series, chart, window)
    several = len(chart.fields) > 1
    lines, bands = [], []
    for curve in curves:
        name = group_label(curve.group)
        metric = field_label(chart.fields[curve.place]) if several else ""
        dash = dash_of_place(curve.place) if several else SOLID
        key = f"{name} · {metric}" if several else name
        line = _mean_line(curve, key, chart)
        number = curve.group.number
        lines.append(DrawnLine(line, number, dash, name=name, metric=metric))
        bands.append(_band(curve, chart))
    if any(curve.stretched for curve in curves):
        notes.append(_("means of 500 equal stretches"))
    notes += of_heights(chart, (each.line.values for each in lines))
    look = look_of(chart)
    figure = line_figure(lines, look, zone=zone, bands=bands, span=_span(chosen))
    return figure, notes


def _span(chosen: Chosen) -> int:
    """The length of the longest series, so that a zoomed axis keeps its unit."""
    heads = [each.head for each in chosen.series]
    return max((head.last_time - began(head) for head in heads), default=0)


def _mean_line(curve: MeanCurve, name: str, chart: Chart) -> Line:
    xs, mean = curve.xs.tolist(), curve.mean.tolist()
    smoothed = smooth(mean, chart.smoothing) if chart.smoothing else None
    return Line(name, xs, [int(x) for x in xs], mean, smoothed=smoothed)


def _band(curve: MeanCurve, chart: Chart) -> Band:
    ends = {
        "std": band_of(curve.mean, curve.std),
        "minmax": (curve.least, curve.greatest),
        "none": (curve.mean, curve.mean),
    }
    low, high = ends[chart.band]
    return Band(
        low.tolist(),
        high.tolist(),
        curve.std.tolist(),
        curve.counts.tolist(),
        curve.odd,
    )


def _histogram(chart: Chart, drawn: ChartRuns, zone: tzinfo) -> Drawing:
    column = column_of(chart.fields[0], drawn.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = bins_of(numbers, chart.bins, log=chart.log_x)
    notes = of_columns([_numbers_of(column)])
    label = field_label(chart.fields[0])
    lost = len(numbers) - sum(each.runs for each in bins)
    notes += not_placed(lost, log=chart.log_x)
    clock = zone if column.is_time else None
    return Drawing(histogram_figure(bins, label, look_of(chart), clock), notes)


def _numbers_of(column: Column) -> Column:
    """What has no place on an axis of numbers is lost."""
    values = tuple(v if isinstance(v, float) else None for v in column.values)
    words = sum(isinstance(value, str) for value in column.values)
    return Column(column.field, values, column.lost + words)


def _values(chart: Chart, drawn: ChartRuns, zone: tzinfo) -> Drawing:
    columns = [column_of(field, drawn.runs) for field in chart.fields]
    labels = [field_label(field) for field in chart.fields]
    if chart.kind == "bar":
        columns = [_numbers_of(column) for column in columns]
    notes = of_columns(columns)
    if not any(value is not None for each in columns for value in each.values):
        # Axes without a value on them would look like a drawing.
        drawn = replace(drawn, runs=[])
        columns = [replace(column, values=()) for column in columns]
    if chart.kind == "bar":
        dots = bar_dots(chart, drawn, columns)
        notes += of_heights(chart, (dot.values for dot in dots))
        return Drawing(bar_figure(dots, labels, look_of(chart)), notes)
    if chart.kind == "parallel":
        dots = _dots(drawn, columns)
        axes = [
            _dimension(chart, c, label, zone)
            for c, label in zip(columns, labels, strict=True)
        ]
        return Drawing(parallel_figure(dots, axes), notes)
    notes += of_dots(chart, *columns[:2])
    placed = [_on_clock(column, zone) for column in columns]
    is_date = (columns[0].is_time, columns[1].is_time)
    dots = _dots(drawn, placed)
    figure = scatter_figure(dots, labels, look_of(chart), is_date=is_date)
    return Drawing(figure, notes)


def _dimension(chart: Chart, column: Column, label: str, zone: tzinfo) -> Dimension:
    name, log = field_text(column.field), _is_logged(chart, column)
    clock = zone if column.is_time else None
    return Dimension(name, label, column.values, log, clock)


def _is_logged(chart: Chart, column: Column) -> bool:
    """`log=x` is for parameters, often powers of ten; `log=y` for the rest."""
    return chart.log_x if column.field.kind == "params" else chart.log_y


def _dots(drawn: ChartRuns, columns: Sequence[Column]) -> list[Dot]:
    return [
        Dot(
            run.name,
            run.number,
            tuple(column.values[row] for column in columns),
            run.run.run_id,
        )
        for row, run in enumerate(drawn.runs)
    ]


def bar_dots(chart: Chart, drawn: ChartRuns, columns: Sequence[Column]) -> list[Dot]:
    """A bar for each run, or one for each group, with how far its runs lie apart."""
    if not chart.groups:
        return _dots(drawn, columns)
    place = {run.run.pk: row for row, run in enumerate(drawn.runs)}
    found = []
    for group in group_runs(drawn.runs, chart):
        rows = [place[run.run.pk] for run in group.runs]
        means = [mean_of([column.values[row] for row in rows]) for column in columns]
        found.append(
            Dot(
                group_label(group),
                group.number,
                tuple(None if each is None else each.mean for each in means),
                spread=tuple(_spread(each, chart.band) for each in means),
            )
        )
    return found


@dataclass(frozen=True)
class Mean:
    """Of the finite numbers among some values; `std` is that of a sample."""

    mean: float
    std: float
    least: float
    greatest: float
    count: int


def mean_of(values: Sequence[object]) -> Mean | None:
    numbers = [v for v in values if isinstance(v, float) and abs(v) < float("inf")]
    if not numbers:
        return None
    mean, std = (float(each[0]) for each in mean_and_std(np.array(numbers)[:, None]))
    return Mean(mean, std, min(numbers), max(numbers), len(numbers))


def _spread(mean: Mean | None, band: str) -> tuple[float, float]:
    if mean is None or band == "none":
        return (0.0, 0.0)
    if band == "minmax":
        return (mean.mean - mean.least, mean.greatest - mean.mean)
    return (mean.std, mean.std)


def _on_clock(column: Column, zone: tzinfo) -> Column:
    """Times as Plotly reads them, which knows no zones: those of the reader."""
    if not column.is_time:
        return column
    said = [
        None if not isinstance(value, float) else on_clock(value, zone)
        for value in column.values
    ]
    return Column(column.field, tuple(said), column.lost)
