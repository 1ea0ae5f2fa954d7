"""The table beside a chart: what it shows, for whoever does not see or run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from django.utils.translation import gettext as _

from runs.models import Metric
from runs.pages.chart_drawing import mean_of
from runs.pages.chart_runs import ChartRuns
from runs.pages.chart_titles import group_label
from runs.render import times
from runs.render.binned_charts import bins_of, told
from runs.render.metric_values import Shown, last_shown, shown
from runs.render.numbers import grouped
from runs.render.pills import field_label
from runs.search.columns import metric_value
from runs.search.drawn_runs import DrawnRun
from runs.search.run_groups import RunGroup, group_runs
from runs.search.run_values import Column, column_of
from studio.core.viewcharts import Chart

#: Colours repeat after so many.
SERIES = 10
#: Whole numbers up to here are exact as floats.
EXACT = 2**53


@dataclass(frozen=True)
class Row:
    """`series` is the colour's number, 0 for none; `href` leads to the run."""

    name: str
    cells: list[Shown]
    series: int = 0
    href: str = ""


@dataclass(frozen=True)
class Table:
    first: str
    heads: list[str]
    rows: list[Row]


def table_of(chart: Chart, drawn: ChartRuns, zone: tzinfo, workspace: str) -> Table:
    """Without a workspace's name its rows lead nowhere."""
    if chart.kind == "histogram":
        return _of_bins(chart, drawn, zone)
    if chart.kind == "line":
        if chart.groups:
            return _of_groups(chart, drawn)
        return _of_lines(chart, drawn, workspace)
    return _of_values(chart, drawn, zone, workspace)


def _of_lines(chart: Chart, drawn: ChartRuns, workspace: str) -> Table:
    heads: list[str] = []
    for field in chart.fields:
        label = field.key
        heads += [
            _("%s last") % label,
            _("%s least") % label,
            _("%s greatest") % label,
            _("%s points") % label,
        ]
    rows = [
        _row(
            run,
            [
                cell
                for field in chart.fields
                for cell in _summary(drawn.heads.get((run.run.pk, field.key)))
            ],
            workspace,
        )
        for run in drawn.runs
    ]
    return Table(_("Run"), heads, rows)


def _summary(head: Metric | None) -> list[Shown]:
    if head is None:
        return [shown(None)] * 4
    last, least, most = last_shown(head), shown(head.min), shown(head.max)
    return [last, least, most, Shown(grouped(head.count))]


def _of_groups(chart: Chart, drawn: ChartRuns) -> Table:
    heads = [_("Runs")]
    for field in chart.fields:
        label = field_label(field)
        heads += [_("%s mean of the last values") % label, _("%s std") % label]
    return Table(
        _("Group"),
        heads,
        [_group_row(group, chart, drawn) for group in group_runs(drawn.runs, chart)],
    )


def _group_row(group: RunGroup, chart: Chart, drawn: ChartRuns) -> Row:
    cells = [_count(len(group.runs))]
    for field in chart.fields:
        held = [drawn.heads.get((run.run.pk, field.key)) for run in group.runs]
        mean = mean_of([metric_value(head, "last") for head in held if head])
        cells += [shown(mean.mean), shown(mean.std)] if mean else [shown(None)] * 2
    return Row(group_label(group), cells, _series(group.number))


def _of_values(chart: Chart, drawn: ChartRuns, zone: tzinfo, workspace: str) -> Table:
    columns = [column_of(field, drawn.runs) for field in chart.fields]
    heads = [field_label(field) for field in chart.fields]
    if chart.kind == "bar" and chart.groups:
        return _of_means(chart, drawn, columns, heads)
    rows = [
        _row(run, [_placed(column, at, zone) for column in columns], workspace)
        for at, run in enumerate(drawn.runs)
    ]
    return Table(_("Run"), heads, rows)


def _of_means(
    chart: Chart, drawn: ChartRuns, columns: Sequence[Column], labels: Sequence[str]
) -> Table:
    """How high the bar of each group is, and how far its runs lie apart."""
    said = (_("%s mean"), _("%s std"), _("%s least"), _("%s greatest"))
    heads = [_("Runs"), *(each % label for label in labels for each in said)]
    place = {run.run.pk: row for row, run in enumerate(drawn.runs)}
    rows = []
    for group in group_runs(drawn.runs, chart):
        cells = [_count(len(group.runs))]
        for column in columns:
            mean = mean_of([column.values[place[run.run.pk]] for run in group.runs])
            found = (mean.mean, mean.std, mean.least, mean.greatest) if mean else ()
            cells += [shown(each) for each in found] or [shown(None)] * len(said)
        rows.append(Row(group_label(group), cells, _series(group.number)))
    return Table(_("Group"), heads, rows)


def _of_bins(chart: Chart, drawn: ChartRuns, zone: tzinfo) -> Table:
    column = column_of(chart.fields[0], drawn.runs)
    numbers = [value for value in column.values if isinstance(value, float)]
    bins = bins_of(numbers, chart.bins, log=chart.log_x)
    clock = zone if column.is_time else None
    rows = [Row(told(each, clock), [_count(each.runs)]) for each in bins]
    return Table(field_label(chart.fields[0]), [_("Runs")], rows)


def _count(count: int) -> Shown:
    return Shown(grouped(count), str(count))


def _placed(column: Column, at: int, zone: tzinfo) -> Shown:
    value = column.values[at]
    if column.is_time and isinstance(value, float):
        return Shown(times.at(int(value), zone).strftime("%Y-%m-%d %H:%M:%S"))
    return _cell(value)


def _cell(value: float | str | None) -> Shown:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return shown(int(value))
    return shown(value)


def _row(run: DrawnRun, cells: Sequence[Shown], workspace: str) -> Row:
    href = f"/w/{workspace}/runs/{run.run.run_id}/" if workspace else ""
    return Row(run.name, list(cells), _series(run.number), href)


def _series(number: int) -> int:
    return (number - 1) % SERIES + 1
