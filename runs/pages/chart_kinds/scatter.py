"""Scatter: a dot for each run, colored by a third field where there is one."""

from __future__ import annotations

from datetime import tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import ChartKind, FigureWithNotes
from runs.pages.chart_kinds.notes import scatter_notes, text_and_missing_value_notes
from runs.pages.chart_kinds.run_values import (
    chart_look,
    dots_of_runs,
    drop_runs_without_values,
    values_table,
)
from runs.render.charts import clock_time, scatter_figure
from runs.render.filters import field_label
from runs.search.charts import AxisRange, ChartColumn, chart_column
from studio.core.view_charts import Chart


def _scatter_figure(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, _window: AxisRange | None
) -> FigureWithNotes:
    columns = [chart_column(field, chart_runs.runs) for field in chart.fields]
    labels = [field_label(field) for field in chart.fields]
    notes = text_and_missing_value_notes(columns)
    chart_runs, columns = drop_runs_without_values(chart_runs, columns)
    notes += scatter_notes(chart, *columns[:2])
    placed = [_as_clock_times(column, zone) for column in columns]
    is_date = (columns[0].is_time, columns[1].is_time)
    dots = dots_of_runs(chart_runs, placed)
    figure = scatter_figure(dots, labels, chart_look(chart), is_date=is_date)
    return FigureWithNotes(figure, notes)


def _as_clock_times(column: ChartColumn, zone: tzinfo) -> ChartColumn:
    """Return times in the zone of the reader, because Plotly knows no time zones."""
    if not column.is_time:
        return column
    times = [
        None if not isinstance(value, float) else clock_time(value, zone)
        for value in column.values
    ]
    return ChartColumn(column.field, tuple(times), column.lost)


def _scatter_title(chart: Chart) -> str:
    x, y = (field_label(field) for field in chart.fields[:2])
    return pgettext("chart title", "%(y)s vs. %(x)s") % {"y": y, "x": x}


def _is_colored(chart: Chart) -> bool:
    return len(chart.fields) > 2


def _scatter_notes(chart: Chart) -> list[str]:
    if not _is_colored(chart):
        return []
    return [_("colored by %s") % field_label(chart.fields[2])]


SCATTER = ChartKind(
    "scatter",
    label=lambda: pgettext("chart type", "Scatter"),
    word=lambda: pgettext("chart type", "scatter"),
    figure=_scatter_figure,
    table=values_table,
    title=_scatter_title,
    notes=_scatter_notes,
    has_legend=True,
    is_colored_by_field=_is_colored,
)
