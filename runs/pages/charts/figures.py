"""The figure of one chart of a list as JSON, its table, and its values as CSV.

Each takes the query string of the list, and `chart=`; one response has all runs of the
chart. Figures are conditional: the change stamp of the list costs one query. If it has
changed, the states of the series tell whether there are new points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access, render_json_error
from runs.pages.chart_kinds import (
    MAX_LEGEND_ENTRIES,
    ChartRuns,
    ChartTable,
    build_table,
    chart_title,
    draw_chart,
    first_runs_note,
    has_legend,
    kind_of,
    range_switch,
    read_chart_runs,
)
from runs.pages.charts.row_of_charts import following_run_count
from runs.pages.lists import (
    ACTIVE_POLL_SECONDS,
    IDLE_POLL_SECONDS,
    build_state,
    read_scope,
)
from runs.pages.requests import (
    PageRequest,
    browser_etag,
    change_stamp,
    csv_response,
    has_same_content,
    is_unchanged,
    not_modified,
    with_vary_headers,
)
from runs.render.formats import grouped
from runs.render.metrics import display_value
from runs.render.run_list import escape_formula
from runs.search.charts import AxisRange
from runs.search.sql import time_limit
from studio.core.errors import InvalidValue
from studio.core.view_charts import Chart, read_chart
from studio.core.view_spec import ViewSpec, parse_tolerant

MISSING = display_value(None)


@access(Permission.READ, errors=render_json_error)
@require_safe
def chart_figure(request: PageRequest) -> HttpResponse:
    """Return the figure; `from` and `to` narrow the x axis.

    They are steps, ms since the start, or times, as the axis.
    """
    spec, chart = _read_chart_request(request)
    stamp = change_stamp(request, spec, request.path, request.GET)
    # The cheap check first: with the same stamp, no run is read.
    if is_unchanged(request, stamp):
        return not_modified(browser_etag(request))
    window = _read_zoom_range(request, chart)
    with time_limit():
        chart_runs = read_chart_runs(
            build_state(request, read_scope(request), spec), chart
        )
        etag = f'"{stamp}-{_chart_data_digest(request, chart_runs)}"'
        if has_same_content(request, etag):
            return not_modified(etag)
        drawing = draw_chart(chart, chart_runs, get_current_timezone(), window)
    active = any(run.run.state.is_active for run in chart_runs.runs)
    response = {
        **drawing.figure,
        "note": "; ".join(drawing.notes),
        "pace": ACTIVE_POLL_SECONDS if active else IDLE_POLL_SECONDS,
        "legend": has_legend(kind_of(chart), chart, chart_runs, drawing.figure),
        "more": _more_runs(chart, chart_runs),
        "range": range_switch(
            drawing.figure.get("outside", 0), is_full=chart.has_full_range
        ),
        "first": _color_numbers_of_unselected_runs(chart, chart_runs),
    }
    body = msgspec.json.encode(response)
    return with_vary_headers(HttpResponse(body, content_type="application/json"), etag)


def _read_chart_request(request: PageRequest) -> tuple[ViewSpec, Chart]:
    """Read the list's state tolerantly, and the chart strictly."""
    # The page has named the invalid parts already; each figure would repeat them.
    spec, _complaints = parse_tolerant(request.GET.dict())
    return spec, read_chart(request.GET.get("chart", ""), "chart")


def _more_runs(chart: Chart, chart_runs: ChartRuns) -> dict[str, str] | None:
    """Which runs are drawn, and what the link to more of them is named."""
    note, following = first_runs_note(chart, chart_runs), following_run_count(chart)
    if not note:
        return None
    can_grow = len(chart_runs.runs) < chart_runs.total and following
    label = ""
    if can_grow and chart_runs.exact and chart_runs.total <= following:
        label = _("Show all")
    elif can_grow:
        label = _("Show %s") % grouped(following)
    return {"text": note, "label": label}


def _color_numbers_of_unselected_runs(
    chart: Chart, chart_runs: ChartRuns
) -> dict[str, int]:
    """The numbers of unselected runs, so that their boxes show the colors too."""
    kind = kind_of(chart)
    has_colors = kind.has_legend and not kind.is_colored_by_field(chart)
    if (
        chart_runs.chosen
        or not has_colors
        or chart.groups
        or len(chart_runs.runs) > MAX_LEGEND_ENTRIES
    ):
        return {}
    return {run.run.run_id: run.number for run in chart_runs.runs}


def _chart_data_digest(request: PageRequest, chart_runs: ChartRuns) -> str:
    heads = sorted(
        # Points are only added, so these three change with every new one.
        (*key, head.count, head.last_step, head.last_time)
        for key, head in chart_runs.heads.items()
    )
    runs = [
        (run.run.pk, run.number, run.name, str(run.run.state), repr(run.values))
        for run in chart_runs.runs
    ]
    parameters = sorted(request.GET.lists())
    seen = repr(
        (parameters, runs, heads, chart_runs.total, str(get_current_timezone()))
    )
    return blake2b(seen.encode(), digest_size=9).hexdigest()


def _read_zoom_range(request: PageRequest, chart: Chart) -> AxisRange | None:
    start, stop = (_read_zoom_end(request, name, chart) for name in ("from", "to"))
    return None if start is None and stop is None else AxisRange(start, stop)


def _read_zoom_end(request: PageRequest, name: str, chart: Chart) -> float | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        if chart.axis == "time":
            # Plotly knows no time zones: its ends are on the reader's clock, as the
            # figure's times.
            when = datetime.fromisoformat(text)
            return when.replace(tzinfo=get_current_timezone()).timestamp() * 1000
        value = float(text)
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise InvalidValue(
            _("%(name)s is not a position on the axis: %(text)r")
            % {"name": name, "text": text},
            field=name,
        )
    return value


@access(Permission.READ)
@require_safe
def chart_table(request: PageRequest) -> HttpResponse:
    """Show the chart as a table: a fragment, or a page of its own."""
    spec, chart = _read_chart_request(request)
    state = build_state(request, read_scope(request), spec)
    with time_limit():
        chart_runs = read_chart_runs(state, chart)
        table = build_table(
            chart, chart_runs, get_current_timezone(), state.workspace.name
        )
    context = {
        "title": chart_title(chart),
        "table": table,
        "back": state.scope.address_of(spec),
        "scope": state.scope,
    }
    template = "charts/_chart_table.html" if request.htmx else "charts/chart_table.html"
    return with_vary_headers(render(request, template, context))


@access(Permission.READ)
@require_safe
def chart_values_csv(request: PageRequest) -> HttpResponseBase:
    """Send every point of a line chart as CSV; of other charts the table's rows."""
    spec, chart = _read_chart_request(request)
    with time_limit():
        chart_runs = read_chart_runs(
            build_state(request, read_scope(request), spec), chart
        )
        points = kind_of(chart).points
        if points is not None:
            rows = points(chart, chart_runs)
        else:
            zone, workspace = get_current_timezone(), request.workspace.name
            rows = _csv_rows_of_table(build_table(chart, chart_runs, zone, workspace))
    return csv_response(rows, f"{chart.kind}.csv")


def _csv_rows_of_table(table: ChartTable) -> Iterator[Sequence[object]]:
    yield (escape_formula(table.first), *(escape_formula(head) for head in table.heads))
    for row in table.rows:
        # The sign for a missing value is for people: programs get an empty cell.
        full = ("" if cell == MISSING else cell.full or cell.text for cell in row.cells)
        yield (escape_formula(row.name), *map(escape_formula, full))
