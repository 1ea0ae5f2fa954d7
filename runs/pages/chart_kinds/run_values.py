"""Values of runs, as several chart types draw and list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

import numpy as np
from django.utils.translation import gettext as _

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import ChartTable, ChartTableRow
from runs.render import formats
from runs.render.charts import Axis, ChartDot, ChartLook
from runs.render.filters import field_label
from runs.render.formats import grouped
from runs.render.metrics import DisplayValue, display_value
from runs.search.charts import ChartColumn, ChartRun, chart_column
from runs.search.groups import mean_and_std
from runs.search.query import series_color
from studio.core.view_charts import Chart

#: Whole numbers up to here are exact as floats.
MAX_EXACT_FLOAT = 2**53


def chart_look(chart: Chart) -> ChartLook:
    over = chart.x_metric
    axis = Axis(chart.axis) if chart.axis else Axis.STEP
    title = field_label(over) if over else ""
    return ChartLook(
        axis,
        title,
        chart.log_x,
        chart.log_y,
        chart.y_range,
        chart.x_range,
        is_full=chart.has_full_range,
    )


def numeric_column(column: ChartColumn) -> ChartColumn:
    """Return the column with numbers only; texts count as lost."""
    values = tuple(v if isinstance(v, float) else None for v in column.values)
    words = sum(isinstance(value, str) for value in column.values)
    return ChartColumn(column.field, values, column.lost + words)


def drop_runs_without_values(
    chart_runs: ChartRuns, columns: list[ChartColumn]
) -> tuple[ChartRuns, list[ChartColumn]]:
    """Return no runs if none has a value: empty axes would look like a chart."""
    if any(value is not None for each in columns for value in each.values):
        return chart_runs, columns
    return replace(chart_runs, runs=[]), [replace(each, values=()) for each in columns]


def dots_of_runs(
    chart_runs: ChartRuns, columns: Sequence[ChartColumn]
) -> list[ChartDot]:
    return [
        ChartDot(
            run.name,
            run.number,
            tuple(column.values[row] for column in columns),
            run.run.run_id,
        )
        for row, run in enumerate(chart_runs.runs)
    ]


@dataclass(frozen=True)
class ValueSummary:
    """Statistics of the finite numbers; `std` is the sample standard deviation."""

    mean: float
    std: float
    min: float
    max: float
    count: int


def summarize_values(values: Sequence[object]) -> ValueSummary | None:
    # One NaN would make the mean of the whole group NaN.
    numbers = [v for v in values if isinstance(v, float) and abs(v) < float("inf")]
    if not numbers:
        return None
    mean, std = (float(each[0]) for each in mean_and_std(np.array(numbers)[:, None]))
    return ValueSummary(mean, std, min(numbers), max(numbers), len(numbers))


def values_table(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, workspace: str
) -> ChartTable:
    columns = [chart_column(field, chart_runs.runs) for field in chart.fields]
    heads = [field_label(field) for field in chart.fields]
    rows = [
        run_table_row(
            run, [_column_cell(column, at, zone) for column in columns], workspace
        )
        for at, run in enumerate(chart_runs.runs)
    ]
    return ChartTable(_("Run"), heads, rows)


def count_cell(count: int) -> DisplayValue:
    return DisplayValue(grouped(count), str(count))


def _column_cell(column: ChartColumn, at: int, zone: tzinfo) -> DisplayValue:
    value = column.values[at]
    if column.is_time and isinstance(value, float):
        return DisplayValue(
            formats.local_time(int(value), zone).strftime("%Y-%m-%d %H:%M:%S")
        )
    return _value_cell(value)


def _value_cell(value: float | str | None) -> DisplayValue:
    # Charts read every number as a float, but the exact value of 32 epochs is 32.
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT_FLOAT:
        return display_value(int(value))
    return display_value(value)


def run_table_row(
    run: ChartRun, cells: Sequence[DisplayValue], workspace: str
) -> ChartTableRow:
    href = f"/w/{workspace}/runs/{run.run.run_id}/" if workspace else ""
    return ChartTableRow(run.name, list(cells), series_color(run.number), href)
