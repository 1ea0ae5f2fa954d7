"""A view behind a public link: its rows or groups, and its charts as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from runs.models import Experiment, ShareLink, View
from runs.pages.chart_kinds import (
    ChartRuns,
    ChartTable,
    ChartTableRow,
    FigureWithNotes,
    build_table,
    chart_note,
    chart_title,
    draw_chart,
    has_legend,
    kind_of,
    read_runs_of_charts_for_viewer,
)
from runs.pages.groups import (
    build_paper_table,
    find_groups_for_viewer,
    grouping_label,
    too_many_runs_text,
)
from runs.pages.lists import (
    experiment_of_view,
    list_path,
    sheet_column_of,
    sheet_value_of,
    with_name_column,
)
from runs.render import formats
from runs.render.charts import draw_sparkline
from runs.render.descriptions import render_markdown
from runs.render.run_list import (
    TIME_COLUMN,
    Sheet,
    SheetColumn,
    moment,
    sheet_as_text_cells,
    status_pill,
)
from runs.search.metrics import sparkline_points
from runs.search.run_list import find_runs
from runs.search.sql import time_limit
from runs.search.views import find_missing_list
from studio.core.chart_kinds import CHART_KINDS
from studio.core.errors import InvalidFilter, InvalidValue, NotSupported
from studio.core.filters import Field
from studio.core.view_charts import Chart
from studio.core.view_spec import ViewSpec, read_stored

#: Maximum number of curves next to the rows of a chart's table.
MAX_CURVES = 50


@dataclass(frozen=True)
class SharedChart:
    """A chart and its table, in which each run of a line chart has a curve.

    `figure` is JSON, without the ids of runs; empty if nothing can be drawn.
    """

    title: str
    note: str
    figure: str
    table: ChartTable
    rows: Sequence[tuple[ChartTableRow, SafeString | str]]

    @property
    def has_curves(self) -> bool:
        return any(curve for _row, curve in self.rows)


def shared_view_context(
    link: ShareLink, view: View, cursors: dict[str, str]
) -> dict[str, Any]:
    """Return the context of a shared view; `cursors` are `after` and `before`.

    An unreadable view, or one whose experiment was deleted, shows no runs: its filter
    and its list were part of what was shared.
    """
    stored, complaints = read_stored(view.spec)
    experiment = experiment_of_view(view)
    context = {
        "title": view.name,
        "described": render_markdown(view.description),
        "list": experiment.name if experiment else "",
        "list_path": list_path(link.workspace.name, experiment),
        "q": stored.q,
        "complaints": complaints,
    }
    deleted = [each.name for each in find_missing_list(view)]
    if deleted:
        return context | {"nothing": _("The experiment %s is deleted.") % deleted[0]}
    # Only one of them can be followed, and a visitor gets a page instead of an error.
    if cursors["after"] and cursors["before"]:
        cursors = {**cursors, "before": ""}
    shown = _shared_groups_context if stored.group is not None else _shared_rows_context
    try:
        try:
            found = shown(link, stored.changed(**cursors), experiment)
        except InvalidFilter:
            raise
        except InvalidValue:
            # An invalid cursor means the first page.
            found = shown(link, stored, experiment)
        charts = _shared_charts(link, stored, experiment)
    except (InvalidValue, NotSupported) as error:
        return context | {"nothing": error.message}
    return context | found | {"charts": charts}


def _shared_rows_context(
    link: ShareLink, stored: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    # A tree needs links that open rows, which this page doesn't have.
    spec = replace(stored, flat=True)
    page = find_runs(spec, link.created_by, link.workspace, experiment=experiment)
    columns = [column.field for column in with_name_column(spec.columns)]
    sheet = Sheet(
        tuple(map(_column_of, columns)),
        tuple(
            tuple(sheet_value_of(row, each) for each in columns) for row in page.rows
        ),
    )
    more = "" if page.total_is_exact else "+"
    noun = npgettext("after a number", "run", "runs", page.total)
    return {
        "columns": sheet.columns,
        "rows": _cells(sheet),
        "count_text": f"{formats.grouped(page.total)}{more} {noun}",
        "before": page.before,
        "after": page.after,
    }


def _column_of(field: Field) -> SheetColumn:
    """The column, without the `tags.` of the filter language in its head."""
    column = sheet_column_of(field)
    is_bare = column.label == column.name
    return replace(column, label=field.key) if is_bare else column


def _cells(sheet: Sheet) -> list[list[tuple[str, str]]]:
    """The cells of the rows; a status has its icon, times are as in the head."""
    cells = sheet_as_text_cells(sheet, timezone.get_current_timezone())
    for number, column in enumerate(sheet.columns):
        if column.name == "status":
            draw: Callable[[Any], str] = status_pill
        elif column.kind == TIME_COLUMN:
            draw = moment
        else:
            continue
        for row, values in zip(cells, sheet.rows, strict=True):
            row[number] = (column.kind, draw(values[number]))
    return cells


def _shared_groups_context(
    link: ShareLink, spec: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    if spec.before:
        # For groups, cursors are indexes: `before` is where the page starts.
        spec = spec.changed(after=spec.before)
    fields = [column.field for column in spec.columns]
    who = (link.created_by, link.workspace)
    found = find_groups_for_viewer(spec, fields, *who, experiment)
    context: dict[str, Any] = {"group_label": grouping_label(spec)}
    if found.grouping is None:
        return context | {"too_many": too_many_runs_text()}
    total = len(found.grouping)
    noun = npgettext("after a number", "group", "groups", total)
    table = build_paper_table(found.grouping, found.groups, link.created_by)
    return context | {
        "groups": table,
        "group_heads": list(zip(table.heads, table.right, strict=True)),
        "count_text": f"{formats.grouped(total)} {noun}",
        "before": str(max(found.start - spec.rows, 0)) if found.start else "",
        "after": str(found.stop) if found.stop < total else "",
    }


def _shared_charts(
    link: ShareLink, spec: ViewSpec, experiment: Experiment | None
) -> list[SharedChart]:
    if not spec.charts:
        return []
    zone, who = timezone.get_current_timezone(), (link.created_by, link.workspace)
    # One limit for all charts: anyone with the link can open the page.
    with time_limit():
        chart_runs = read_runs_of_charts_for_viewer(spec, spec.charts, *who, experiment)
        return [
            # Without a workspace, rows have no links to runs that visitors can't open.
            _shared_chart(
                chart,
                runs,
                draw_chart(chart, runs, zone),
                build_table(chart, runs, zone, ""),
            )
            for chart, runs in zip(spec.charts, chart_runs, strict=True)
        ]


def _shared_chart(
    chart: Chart, chart_runs: ChartRuns, drawing: FigureWithNotes, table: ChartTable
) -> SharedChart:
    curves: list[SafeString | str] = [""] * len(table.rows)
    if CHART_KINDS[chart.kind].draws_points and not chart.groups:
        curves = _sparklines_of_runs(chart, chart_runs)
    rows = list(zip(table.rows, curves, strict=True))
    note = "; ".join([chart_note(chart), *drawing.notes])
    return SharedChart(
        chart_title(chart), note, _figure_text(chart, chart_runs, drawing), table, rows
    )


def _figure_text(chart: Chart, chart_runs: ChartRuns, drawing: FigureWithNotes) -> str:
    """Return the figure as JSON, without the ids of runs."""
    figure = drawing.figure
    if not chart_runs.runs:
        return ""
    for trace in [*figure.get("data", ()), *figure.get("lines", ())]:
        trace.get("meta", trace).pop("run", None)
    legend = has_legend(kind_of(chart), chart, chart_runs, figure)
    return msgspec.json.encode({**figure, "legend": legend}).decode()


def _sparklines_of_runs(chart: Chart, chart_runs: ChartRuns) -> list[SafeString | str]:
    name = chart.fields[0].key
    heads = [chart_runs.heads.get((run.run.pk, name)) for run in chart_runs.runs]
    points = sparkline_points([head for head in heads if head][:MAX_CURVES])
    found = [points.get(head.pk) if head else None for head in heads]
    return [draw_sparkline(each.steps, each.values) if each else "" for each in found]
