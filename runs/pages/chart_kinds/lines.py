"""Lines: the points of metrics over steps, times or another metric, and their means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import Metric
from runs.pages.chart_kinds.chart_runs import ChartRuns
from runs.pages.chart_kinds.kind import (
    ChartKind,
    ChartTable,
    ChartTableRow,
    Figure,
    FigureWithNotes,
    group_label,
    grouping_notes,
)
from runs.pages.chart_kinds.notes import (
    log_axis_notes,
    sampling_note,
    undrawn_series_notes,
)
from runs.pages.chart_kinds.run_values import (
    chart_look,
    count_cell,
    run_table_row,
    summarize_values,
)
from runs.render.charts import (
    SOLID,
    Band,
    Line,
    RunLine,
    dash_of_position,
    dash_of_run_number,
    dashes_by_age,
    line_figure,
    smooth_values,
)
from runs.render.filters import field_label
from runs.render.formats import grouped, number
from runs.render.metrics import DisplayValue, display_last, display_value
from runs.render.run_list import escape_formula, iso_time, logged_value_cell
from runs.search.charts import (
    MAX_LINES,
    AxisRange,
    ChartGroup,
    ChosenSeries,
    MeanCurve,
    chart_groups,
    choose_series,
    draw_curves,
    draw_mean_curves,
    group_of_all,
)
from runs.search.groups import deviation_band
from runs.search.metrics import time_origin
from runs.search.query import series_color
from runs.search.values import metric_value
from runs.storage.metrics import store
from studio.core.view_charts import MAX_RUNS, Chart


def _unzoomed_range(chart: Chart) -> AxisRange:
    """Return the range of the x axis that a chart shows unless it is zoomed."""
    # The address has seconds, the points have milliseconds.
    unit = 1000 if chart.axis == "relative" else 1
    return AxisRange(*(end if end is None else end * unit for end in chart.x_range))


def _line_figure(
    chart: Chart, chart_runs: ChartRuns, zone: tzinfo, zoomed: AxisRange | None
) -> FigureWithNotes:
    window = zoomed or _unzoomed_range(chart)
    # Means and quantiles are of any number of lines.
    every = choose_series(
        chart_runs.runs, chart_runs.heads, chart, MAX_RUNS * len(chart.fields)
    )
    if chart.groups or len(every.series) > MAX_LINES:
        return _many_runs_figure(chart, chart_runs, every, zone, window)
    chosen, notes = every, undrawn_series_notes(every)
    curves = draw_curves(chosen.series, chart, window)
    several = len(chart.fields) > 1
    lines, dashes = [], _dashes_of_runs(chart_runs, chosen)
    for curve in curves:
        run, place = curve.series.run, curve.series.place
        # A color stands for the run, so in a chart of several metrics the dash tells
        # them apart.
        dash = dash_of_position(place) if several else dashes[run.run.pk]
        metric = field_label(chart.fields[place]) if several else ""
        key = f"{run.name} · {metric}" if several else run.name
        line = replace(curve.line, key=key)
        lines.append(RunLine(line, run.number, dash, run.run.run_id, run.name, metric))
    cut = [curve for curve in curves if curve.shown < curve.total]
    if cut:
        # The most important note: the line is not the whole series.
        notes.insert(
            0, sampling_note(sum(c.shown for c in cut), sum(c.total for c in cut))
        )
    notes += log_axis_notes(chart, (curve.line.values for curve in curves))
    span = _longest_span(chosen)
    return FigureWithNotes(
        line_figure(lines, chart_look(chart), zone=zone, span=span), notes
    )


def _dashes_of_runs(chart_runs: ChartRuns, chosen: ChosenSeries) -> dict[int, str]:
    """Return the dashes by the runs' keys."""
    drawn = {each.run.run.pk: each.run for each in chosen.series}
    if chart_runs.by_place:
        return {run: dash_of_position(each.place - 1) for run, each in drawn.items()}
    # A run with a color of its own can have that of another one.
    has_own_colors = any(each.run.color for each in drawn.values())
    if chart_runs.chosen and not has_own_colors:
        return {run: dash_of_run_number(each.place) for run, each in drawn.items()}
    return dashes_by_age(
        {run: series_color(each.number) for run, each in drawn.items()}
    )


def _many_runs_figure(
    chart: Chart,
    chart_runs: ChartRuns,
    chosen: ChosenSeries,
    zone: tzinfo,
    window: AxisRange,
) -> FigureWithNotes:
    """Draw the mean of each group; without groups, the quantiles of all runs."""
    notes = undrawn_series_notes(chosen)
    if chart.groups:
        groups = chart_groups(chart_runs.runs, chart)
    else:
        groups = [group_of_all(chart_runs.runs)]
        notes.insert(0, _("median, with the bands of 50 % and 90 % of the runs"))
    curves = draw_mean_curves(
        groups, chosen.series, chart, window, with_quantiles=not chart.groups
    )
    figure, more = _group_figure(chart, chosen, zone, curves)
    return FigureWithNotes(figure, [*notes, *more])


def _group_figure(
    chart: Chart, chosen: ChosenSeries, zone: tzinfo, curves: Sequence[MeanCurve]
) -> tuple[Figure, list[str]]:
    notes: list[str] = []
    several = len(chart.fields) > 1
    lines, bands = [], []
    for curve in curves:
        name = group_label(curve.group)
        metric = field_label(chart.fields[curve.place]) if several else ""
        dash = dash_of_position(curve.place) if several else SOLID
        key = f"{name} · {metric}" if several else name
        line = _mean_line(curve, key, chart)
        number = curve.group.number
        lines.append(RunLine(line, number, dash, name=name, metric=metric))
        bands.append(_error_band(curve, chart))
    if any(curve.is_binned for curve in curves):
        notes.append(_("means of 500 equal intervals"))
    notes += log_axis_notes(chart, (each.line.values for each in lines))
    look = chart_look(chart)
    figure = line_figure(
        lines, look, zone=zone, bands=bands, span=_longest_span(chosen)
    )
    return figure, notes


def _longest_span(chosen_series: ChosenSeries) -> int:
    """Return the length of the longest series: a zoomed axis keeps its unit."""
    heads = [each.head for each in chosen_series.series]
    return max((head.last_time - time_origin(head) for head in heads), default=0)


def _mean_line(curve: MeanCurve, name: str, chart: Chart) -> Line:
    center = curve.quantiles[2] if curve.quantiles else curve.mean
    xs, mean = curve.xs.tolist(), center.tolist()
    smoothed = smooth_values(mean, chart.smoothing) if chart.smoothing else None
    # Steps or times, depending on the axis: only one of the two is drawn.
    return Line(name, xs, [int(x) for x in xs], mean, smoothed=smoothed)


def _error_band(curve: MeanCurve, chart: Chart) -> Band:
    if curve.quantiles:
        lowest, low, _median, high, highest = (q.tolist() for q in curve.quantiles)
        return Band(
            low,
            high,
            curve.std.tolist(),
            curve.counts.tolist(),
            curve.nonfinite,
            alive=curve.alive.tolist(),
            outer=(lowest, highest),
            words=pgettext("value of a curve", "median"),
        )
    ends = {
        "std": deviation_band(curve.mean, curve.std),
        "minmax": (curve.least, curve.greatest),
        # A band without height is not drawn, but its tooltip still has the deviation.
        "none": (curve.mean, curve.mean),
    }
    low, high = ends[chart.band]
    return Band(
        low.tolist(),
        high.tolist(),
        curve.std.tolist(),
        curve.counts.tolist(),
        curve.nonfinite,
        alive=curve.alive.tolist(),
    )


def _line_chart_table(
    chart: Chart, chart_runs: ChartRuns, _zone: tzinfo, workspace: str
) -> ChartTable:
    if chart.groups:
        return _groups_table(chart, chart_runs)
    return _runs_table(chart, chart_runs, workspace)


def _runs_table(chart: Chart, chart_runs: ChartRuns, workspace: str) -> ChartTable:
    heads: list[str] = []
    for field in chart.fields:
        label = field.key
        heads += [
            pgettext("column of a chart's table", "%s last") % label,
            pgettext("column of a chart's table", "%s min") % label,
            pgettext("column of a chart's table", "%s max") % label,
            pgettext("column of a chart's table", "%s points") % label,
        ]
    rows = [
        run_table_row(
            run,
            [
                cell
                for field in chart.fields
                for cell in _metric_summary_cells(
                    chart_runs.heads.get((run.run.pk, field.key))
                )
            ],
            workspace,
        )
        for run in chart_runs.runs
    ]
    return ChartTable(_("Run"), heads, rows)


def _metric_summary_cells(head: Metric | None) -> list[DisplayValue]:
    if head is None:
        return [display_value(None)] * 4
    last, least, most = (
        display_last(head),
        display_value(head.min),
        display_value(head.max),
    )
    return [last, least, most, DisplayValue(grouped(head.count))]


def _groups_table(chart: Chart, chart_runs: ChartRuns) -> ChartTable:
    heads = [_("Runs")]
    for field in chart.fields:
        label = field_label(field)
        heads += [
            pgettext("column of a chart's table", "mean of the last values of %s")
            % label,
            pgettext("column of a chart's table", "%s std") % label,
        ]
    return ChartTable(
        _("Group"),
        heads,
        [
            _group_table_row(group, chart, chart_runs)
            for group in chart_groups(chart_runs.runs, chart)
        ],
    )


def _group_table_row(
    group: ChartGroup, chart: Chart, chart_runs: ChartRuns
) -> ChartTableRow:
    cells = [count_cell(len(group.runs))]
    for field in chart.fields:
        held = [chart_runs.heads.get((run.run.pk, field.key)) for run in group.runs]
        mean = summarize_values([metric_value(head, "last") for head in held if head])
        cells += (
            [display_value(mean.mean), display_value(mean.std)]
            if mean
            else [display_value(None)] * 2
        )
    return ChartTableRow(group_label(group), cells, series_color(group.number))


def _line_notes(chart: Chart) -> list[str]:
    """`by step`, `smoothed 0.3`, `mean ± std by params.lr`."""
    notes = grouping_notes(chart)
    if chart.smoothing:
        notes.append(
            pgettext("note below a chart", "smoothed %s") % number(chart.smoothing)
        )
    # The step is the usual axis, and is named only if there is nothing else to say.
    if chart.axis != "step" or not notes:
        notes.append(_axis_note(chart))
    return notes


def _axis_note(chart: Chart) -> str:
    over = chart.x_metric
    if over is not None:
        return pgettext("x axis of a chart", "by %s") % field_label(over)
    return {
        "step": pgettext("x axis of a chart", "by step"),
        "relative": pgettext("x axis of a chart", "by time since the start"),
        "time": pgettext("x axis of a chart", "by time"),
    }[chart.axis]


def _csv_point_rows(chart: Chart, chart_runs: ChartRuns) -> Iterator[Sequence[object]]:
    """Yield every point, without sampling."""
    series = choose_series(chart_runs.runs, chart_runs.heads, chart).series
    yield ("run", "name", "metric", "step", "time", "value")
    for each in series:
        run, metric = each.run, escape_formula(each.field.key)
        # Once for a series, not for each of its points.
        names = (escape_formula(run.run.run_id), escape_formula(run.name), metric)
        for step, time, value in store.read(each.head):
            yield (*names, step, iso_time(time), logged_value_cell(value))


LINES = ChartKind(
    "line",
    label=lambda: pgettext("chart type", "Lines"),
    word=lambda: pgettext("chart type", "lines"),
    figure=_line_figure,
    table=_line_chart_table,
    notes=_line_notes,
    points=_csv_point_rows,
    has_legend=True,
)
