"""Bars: one for each run, or the mean of each group with an error bar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import (
    ChartKind,
    ChartTable,
    ChartTableRow,
    FigureWithNotes,
    group_label,
    grouping_notes,
)
from runs.pages.chart_kinds.notes import log_axis_notes, text_and_missing_value_notes
from runs.pages.chart_kinds.run_values import (
    ValueSummary,
    chart_look,
    count_cell,
    dots_of_runs,
    drop_runs_without_values,
    numeric_column,
    summarize_values,
    values_table,
)
from runs.render.charts import ChartDot, bar_figure
from runs.render.filters import field_label
from runs.render.metrics import display_value
from runs.search.charts import AxisRange, ChartColumn, chart_column, chart_groups
from runs.search.query import series_color
from studio.core.view_charts import Chart


def _bar_figure(
    chart: Chart, chart_runs: ChartRuns, _zone: tzinfo, _window: AxisRange | None
) -> FigureWithNotes:
    columns = [
        numeric_column(chart_column(field, chart_runs.runs)) for field in chart.fields
    ]
    labels = [field_label(field) for field in chart.fields]
    notes = text_and_missing_value_notes(columns)
    dots = _bars_of_runs_or_groups(
        chart, *drop_runs_without_values(chart_runs, columns)
    )
    notes += log_axis_notes(chart, (dot.values for dot in dots))
    return FigureWithNotes(bar_figure(dots, labels, chart_look(chart)), notes)


def _bars_of_runs_or_groups(
    chart: Chart, chart_runs: ChartRuns, columns: Sequence[ChartColumn]
) -> list[ChartDot]:
    """Return a bar for each run, or one for each group, with an error bar."""
    if not chart.groups:
        return dots_of_runs(chart_runs, columns)
    place = {run.run.pk: row for row, run in enumerate(chart_runs.runs)}
    found = []
    for group in chart_groups(chart_runs.runs, chart):
        rows = [place[run.run.pk] for run in group.runs]
        means = [
            summarize_values([column.values[row] for row in rows]) for column in columns
        ]
        found.append(
            ChartDot(
                group_label(group),
                group.number,
                tuple(None if each is None else each.mean for each in means),
                spread=tuple(_error_bar(each, chart.band) for each in means),
            )
        )
    return found


def _error_bar(mean: ValueSummary | None, band: str) -> tuple[float, float]:
    if mean is None or band == "none":
        return (0.0, 0.0)
    if band == "minmax":
        # Plotly takes the lengths of error bars, not their ends.
        return (mean.mean - mean.min, mean.max - mean.mean)
    return (mean.std, mean.std)


def _bar_chart_table(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, workspace: str
) -> ChartTable:
    if not chart.groups:
        return values_table(chart, chart_runs, zone, workspace)
    columns = [chart_column(field, chart_runs.runs) for field in chart.fields]
    return _group_means_table(
        chart, chart_runs, columns, [field_label(f) for f in chart.fields]
    )


def _group_means_table(
    chart: Chart,
    chart_runs: ChartRuns,
    columns: Sequence[ChartColumn],
    labels: Sequence[str],
) -> ChartTable:
    """Return mean, standard deviation, min and max of each group."""
    labels_of_statistics = (
        pgettext("column of a chart's table", "%s mean"),
        pgettext("column of a chart's table", "%s std"),
        pgettext("column of a chart's table", "%s min"),
        pgettext("column of a chart's table", "%s max"),
    )
    heads = [
        _("Runs"),
        *(each % label for label in labels for each in labels_of_statistics),
    ]
    place = {run.run.pk: row for row, run in enumerate(chart_runs.runs)}
    rows = []
    for group in chart_groups(chart_runs.runs, chart):
        cells = [count_cell(len(group.runs))]
        for column in columns:
            mean = summarize_values(
                [column.values[place[run.run.pk]] for run in group.runs]
            )
            found = (mean.mean, mean.std, mean.min, mean.max) if mean else ()
            cells += [display_value(each) for each in found] or [
                display_value(None)
            ] * len(labels_of_statistics)
        rows.append(
            ChartTableRow(group_label(group), cells, series_color(group.number))
        )
    return ChartTable(_("Group"), heads, rows)


BARS = ChartKind(
    "bar",
    label=lambda: pgettext("chart type", "Bars"),
    word=lambda: pgettext("chart type", "bars"),
    figure=_bar_figure,
    table=_bar_chart_table,
    notes=grouping_notes,
    has_legend=True,
    icon="bars",
)
