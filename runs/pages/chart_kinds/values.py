"""Values of runs as several kinds of charts draw them and list them in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

import numpy as np
from django.utils.translation import gettext as _

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import Row, Table
from runs.render.charts.axes import Axis
from runs.render.charts.run_charts import Look
from runs.render.charts.value_charts import Dot
from runs.render.filters.filter_words import field_label
from runs.render.metrics.values import Shown, shown
from runs.render.text import times
from runs.render.text.numbers import grouped
from runs.search.charts import ChartColumn, ChartRun, chart_column
from runs.search.groups import mean_and_std
from studio.core.viewcharts import Chart

#: Colours repeat after so many.
SERIES = 10
#: Whole numbers up to here are exact as floats.
EXACT = 2**53


def look_of(chart: Chart) -> Look:
    over = chart.x_metric
    axis = Axis(chart.axis) if chart.axis else Axis.STEP
    title = field_label(over) if over else ""
    return Look(axis, title, chart.log_x, chart.log_y, chart.y_range, chart.x_range)


def numbers_of(column: ChartColumn) -> ChartColumn:
    """What has no place on an axis of numbers is lost."""
    values = tuple(v if isinstance(v, float) else None for v in column.values)
    words = sum(isinstance(value, str) for value in column.values)
    return ChartColumn(column.field, values, column.lost + words)


def without_empty(
    drawn: ChartRuns, columns: list[ChartColumn]
) -> tuple[ChartRuns, list[ChartColumn]]:
    """No runs where none has a value: axes without one would look like a drawing."""
    if any(value is not None for each in columns for value in each.values):
        return drawn, columns
    return replace(drawn, runs=[]), [replace(each, values=()) for each in columns]


def dots_of(drawn: ChartRuns, columns: Sequence[ChartColumn]) -> list[Dot]:
    return [
        Dot(
            run.name,
            run.number,
            tuple(column.values[row] for column in columns),
            run.run.run_id,
        )
        for row, run in enumerate(drawn.runs)
    ]


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


def table_of_values(
    chart: Chart, drawn: ChartRuns, zone: tzinfo, workspace: str
) -> Table:
    columns = [chart_column(field, drawn.runs) for field in chart.fields]
    heads = [field_label(field) for field in chart.fields]
    rows = [
        run_row(run, [_placed(column, at, zone) for column in columns], workspace)
        for at, run in enumerate(drawn.runs)
    ]
    return Table(_("Run"), heads, rows)


def count_cell(count: int) -> Shown:
    return Shown(grouped(count), str(count))


def _placed(column: ChartColumn, at: int, zone: tzinfo) -> Shown:
    value = column.values[at]
    if column.is_time and isinstance(value, float):
        return Shown(times.at(int(value), zone).strftime("%Y-%m-%d %H:%M:%S"))
    return _cell(value)


def _cell(value: float | str | None) -> Shown:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return shown(int(value))
    return shown(value)


def run_row(run: ChartRun, cells: Sequence[Shown], workspace: str) -> Row:
    href = f"/w/{workspace}/runs/{run.run.run_id}/" if workspace else ""
    return Row(run.name, list(cells), series_of(run.number), href)


def series_of(number: int) -> int:
    return (number - 1) % SERIES + 1
