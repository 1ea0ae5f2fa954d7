"""Histogram: how many runs have which values of one field."""

from __future__ import annotations

from datetime import tzinfo

from django.utils.translation import gettext as _

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import ChartKind, Drawing, Row, Table
from runs.pages.chart_kinds.notes import not_placed, of_columns
from runs.pages.chart_kinds.values import count_cell, look_of, numbers_of
from runs.render.charts.histograms import bins_of, histogram_figure, told
from runs.render.filters.filter_words import field_label
from runs.search.charts import AxisRange, chart_column
from studio.core.viewcharts import Chart


def _figure(
    chart: Chart, drawn: ChartRuns, zone: tzinfo, _window: AxisRange | None
) -> Drawing:
    column = chart_column(chart.fields[0], drawn.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = bins_of(numbers, chart.bins, log=chart.log_x)
    notes = of_columns([numbers_of(column)])
    label = field_label(chart.fields[0])
    lost = len(numbers) - sum(each.runs for each in bins)
    notes += not_placed(lost, log=chart.log_x)
    clock = zone if column.is_time else None
    return Drawing(histogram_figure(bins, label, look_of(chart), clock), notes)


def _table(chart: Chart, drawn: ChartRuns, zone: tzinfo, _workspace: str) -> Table:
    column = chart_column(chart.fields[0], drawn.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = bins_of(numbers, chart.bins, log=chart.log_x)
    clock = zone if column.is_time else None
    rows = [Row(told(each, clock), [count_cell(each.runs)]) for each in bins]
    return Table(field_label(chart.fields[0]), [_("Runs")], rows)


HISTOGRAM = ChartKind(
    "histogram",
    label=lambda: _("Histogram"),
    word=lambda: _("histogram"),
    figure=_figure,
    table=_table,
    icon="bars",
)
