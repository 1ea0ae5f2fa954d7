"""Histogram: how many runs have which values of one field."""

from __future__ import annotations

from datetime import tzinfo

from django.utils.translation import gettext as _

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import (
    ChartKind,
    ChartTable,
    ChartTableRow,
    FigureWithNotes,
)
from runs.pages.chart_kinds.notes import (
    off_axis_value_notes,
    text_and_missing_value_notes,
)
from runs.pages.chart_kinds.run_values import chart_look, count_cell, numeric_column
from runs.render.charts import bin_label, count_bins, histogram_figure
from runs.render.filters import field_label
from runs.search.charts import AxisRange, chart_column
from studio.core.view_charts import Chart


def _histogram_figure(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, _window: AxisRange | None
) -> FigureWithNotes:
    column = chart_column(chart.fields[0], chart_runs.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = count_bins(numbers, chart.bins, log=chart.log_x)
    notes = text_and_missing_value_notes([numeric_column(column)])
    label = field_label(chart.fields[0])
    # NaN and Infinity have no bar, nor have 0 and less on a logarithmic axis.
    lost = len(numbers) - sum(each.runs for each in bins)
    notes += off_axis_value_notes(lost, log=chart.log_x)
    clock = zone if column.is_time else None
    return FigureWithNotes(
        histogram_figure(bins, label, chart_look(chart), clock), notes
    )


def _histogram_table(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, _workspace: str
) -> ChartTable:
    column = chart_column(chart.fields[0], chart_runs.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = count_bins(numbers, chart.bins, log=chart.log_x)
    clock = zone if column.is_time else None
    rows = [
        ChartTableRow(bin_label(each, clock), [count_cell(each.runs)]) for each in bins
    ]
    return ChartTable(field_label(chart.fields[0]), [_("Runs")], rows)


HISTOGRAM = ChartKind(
    "histogram",
    label=lambda: _("Histogram"),
    word=lambda: _("histogram"),
    figure=_histogram_figure,
    table=_histogram_table,
    icon="bars",
)
