"""The tab *Metrics* of the run page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Metric, MetricKind
from runs.pages.metrics.logged_table_grid import logged_table_grid
from runs.pages.metrics.metric_choice import (
    MAX_CHOSEN,
    OVER_PREFIX,
    GraphGrouping,
    MetricChoice,
    read_metric_choice,
)
from runs.pages.metrics.metric_figures import read_moment
from runs.pages.metrics.metric_list import build_metric_list
from runs.pages.metrics.panels import MAX_STEPS, Panel, PanelSources, build_panels
from runs.pages.metrics.single_values import has_single_value
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render import formats
from runs.render.charts import Axis
from runs.render.formats import run_path
from runs.render.metrics import display_column
from runs.search.files import file_path_of, find_files
from runs.search.metrics import NUMERIC_KINDS, has_numbers, newest_step_rows
from runs.search.run import read_metrics
from runs.storage.metrics import Points, store
from studio.core.names import is_counter_metric, is_system_metric

#: Rows of the table of values, by default and after *Show more*.
INITIAL_TABLE_ROWS, MAX_TABLE_ROWS = 25, 500
#: Number of metrics that the menu of the X axis names.
MAX_AXIS_METRICS = 50
#: Number of newest steps to read for values that are not lines.
NEWEST_POINTS = 200


@access(Permission.READ)
@require_safe
def metrics_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    heads = read_metrics(head.run)
    choice = read_metric_choice(request.GET, heads)
    by_key = {each.key.name: each for each in heads}
    chosen = [by_key[key] for key in choice.keys]
    rows = MAX_TABLE_ROWS if request.GET.get("rows") == "more" else INITIAL_TABLE_ROWS
    # One more row than shown tells whether there are more.
    newest = store.newest_points_of_all(chosen, max(rows + 1, NEWEST_POINTS))
    named = [
        path
        for points in _newest_evaluations(chosen, newest)
        for path in _file_paths_of_newest_values(points)
    ]
    # One query for the files of all panels.
    files = find_files(head.run, named)
    base = run_path(request.workspace.name, run_id)
    panels = build_panels(chosen, PanelSources(base, choice, newest, files))
    context = {
        "choice": choice,
        "moment": request.GET.get("moment", "") if read_moment(request) else "",
        "first": len(choice.keys) if _hides_metrics(choice, heads) else 0,
        "metrics": build_metric_list(heads, choice, request.GET),
        "has_metrics": bool(heads),
        "nothing": None if heads else empty_state_of("metrics", head.run),
        "panels": panels,
        "grid": logged_table_grid(by_key, request.GET, base),
        "axes": [(axis.value, AXIS_LABELS[axis]()) for axis in Axis],
        "axis_metrics": [
            (f"{OVER_PREFIX}{key}", key) for key in _metrics_for_axis(choice, heads)
        ],
        "graphs": [(each.value, GROUPING_LABELS[each]()) for each in GraphGrouping],
        "other_options": _options_without_select(choice, panels),
        **_value_table_context(_value_table_metrics(chosen, choice), newest, rows),
        **_query_strings(choice, rows),
        **_chart_page_context(choice, heads),
    }
    return show_run_tab(request, head, "metrics", etag, context)


def _metrics_for_axis(choice: MetricChoice, heads: Sequence[Metric]) -> list[str]:
    """Return the metrics that the X axis can show: counters such as `epoch` first."""
    names = [
        head.key.name
        for head in heads
        if head.count > 1 and has_numbers(head) and not is_system_metric(head.key.name)
    ]
    names.sort(key=lambda name: not is_counter_metric(name))
    shown = names[:MAX_AXIS_METRICS]
    return shown if not choice.over or choice.over in shown else [choice.over, *shown]


def _chart_page_context(
    choice: MetricChoice, heads: Sequence[Metric]
) -> dict[str, Any]:
    """Return the context of the line below the charts of *All*, if there are more."""
    if not choice.page or len(heads) <= MAX_CHOSEN:
        return {}
    page, pages = choice.page, -(-len(heads) // MAX_CHOSEN)
    start = (page - 1) * MAX_CHOSEN
    return {
        "charts_first": start + 1,
        "charts_last": start + len(choice.keys),
        "charts_previous": choice.query_of_page(page - 1) if page > 1 else "",
        "charts_next": choice.query_of_page(page + 1) if page < pages else "",
    }


def _hides_metrics(choice: MetricChoice, heads: Sequence[Metric]) -> bool:
    """Whether the default selection leaves out metrics."""
    return choice.default and len(choice.keys) < len(heads)


AXIS_LABELS = {
    Axis.STEP: lambda: _("Step"),
    Axis.RELATIVE: lambda: _("Time since the start"),
    Axis.TIME: lambda: _("Time"),
}


GROUPING_LABELS = {
    GraphGrouping.NONE: lambda: pgettext("how charts are grouped", "per metric"),
    GraphGrouping.NAME: lambda: pgettext("how charts are grouped", "per name"),
    GraphGrouping.PREFIX: lambda: pgettext("how charts are grouped", "per prefix"),
    GraphGrouping.ALL: lambda: pgettext("how charts are grouped", "all in one chart"),
}


def _options_without_select(
    choice: MetricChoice, panels: Sequence[Panel]
) -> list[tuple[str, str]]:
    """Return options of metrics in the address that no select on the page has."""
    shown = {select.name for panel in panels for select in panel.selects}
    return [pair for pair in choice.options if pair[0] not in shown]


def _newest_evaluations(
    chosen: Sequence[Metric], newest: Mapping[int, Points]
) -> Iterator[Points]:
    for head in chosen:
        if head.kind not in (*NUMERIC_KINDS, MetricKind.TABLE):
            yield newest[head.pk]


def _file_paths_of_newest_values(points: Points) -> Iterator[str]:
    """Yield the files that the newest values name; older ones are read on demand."""
    for value in points.python_values()[-MAX_STEPS:]:
        if path := file_path_of(value):
            yield path


def _value_table_metrics(
    chosen: Sequence[Metric], choice: MetricChoice
) -> list[Metric]:
    """Return the metrics of the table of values: without those of *Single values*."""
    series = [head for head in chosen if head.kind in NUMERIC_KINDS]
    if choice.table or choice.graph_grouping is not GraphGrouping.NONE:
        return series
    return [head for head in series if not has_single_value(head)]


def _value_table_context(
    series: Sequence[Metric], newest: Mapping[int, Points], limit: int
) -> dict[str, Any]:
    """Return the context of the table: the series side by side, by step."""
    rows = newest_step_rows([newest[head.pk] for head in series], limit + 1)
    shown = rows[:limit]
    columns = [
        display_column([row.cells[at] for row in shown]) for at in range(len(series))
    ]
    zone = get_current_timezone()
    return {
        "value_keys": [head.key.name for head in series],
        "rows": [
            (
                row.step,
                formats.local_time(row.time, zone),
                row.time,
                [column[at] for column in columns],
            )
            for at, row in enumerate(shown)
        ],
        "has_more_rows": len(rows) > limit,
    }


def _query_strings(choice: MetricChoice, rows: int) -> dict[str, Any]:
    look = urlencode(choice.display_parameters())
    keys = urlencode([("key", key) for key in choice.keys])
    return {
        "all_query": f"all=1&{look}".rstrip("&"),
        "none_query": choice.query(keys=(), default=False),
        "chart_query": choice.query(table=False),
        "table_query": choice.query(table=True),
        "csv_query": keys,
        "more_query": f"{choice.query()}&rows=more".lstrip("&"),
        "is_long": rows == MAX_TABLE_ROWS,
    }
