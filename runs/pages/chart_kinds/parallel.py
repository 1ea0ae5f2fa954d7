"""Parallel coordinates: a line for each run across the axes of many fields."""

from __future__ import annotations

from datetime import tzinfo

from django.utils.translation import gettext as _

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import ChartKind, FigureWithNotes
from runs.pages.chart_kinds.notes import text_and_missing_value_notes
from runs.pages.chart_kinds.run_values import (
    dots_of_runs,
    drop_runs_without_values,
    values_table,
)
from runs.render.charts import Dimension, parallel_figure
from runs.render.filters import field_label
from runs.search.charts import AxisRange, ChartColumn, chart_column
from studio.core.filters.fields import field_text
from studio.core.view_charts import Chart


def _parallel_figure(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, _window: AxisRange | None
) -> FigureWithNotes:
    columns = [chart_column(field, chart_runs.runs) for field in chart.fields]
    notes = text_and_missing_value_notes(columns)
    chart_runs, columns = drop_runs_without_values(chart_runs, columns)
    axes = [
        _plotly_dimension(chart, column, field_label(column.field), zone)
        for column in columns
    ]
    return FigureWithNotes(
        parallel_figure(dots_of_runs(chart_runs, columns), axes), notes
    )


def _plotly_dimension(
    chart: Chart, column: ChartColumn, label: str, zone: tzinfo
) -> Dimension:
    name, log = field_text(column.field), _has_log_scale(chart, column)
    clock = zone if column.is_time else None
    return Dimension(name, label, column.values, log, clock)


def _has_log_scale(chart: Chart, column: ChartColumn) -> bool:
    """`log=x` is for parameters, often powers of ten; `log=y` for the rest."""
    return chart.log_x if column.field.kind == "params" else chart.log_y


PARALLEL = ChartKind(
    "parallel",
    label=lambda: _("Parallel coordinates"),
    word=lambda: _("parallel coordinates"),
    figure=_parallel_figure,
    table=values_table,
    # Its axes can be brushed, and an image can't contain controls.
    role="group",
)
