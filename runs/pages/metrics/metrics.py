"""The tab *Metrics* of the run page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    FIRST_CHARTS,
    GraphGrouping,
    MetricChoice,
    read_metric_choice,
)
from runs.pages.metrics.metric_figures import read_moment
from runs.pages.metrics.panels import MAX_STEPS, Panel, PanelSources, build_panels
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
from runs.render.metrics import DisplayValue, display_column, display_last
from runs.search.files import file_path_of, find_files
from runs.search.metrics import NUMERIC_KINDS, newest_step_rows
from runs.search.run import read_metrics
from runs.storage.metrics import Points, store
from studio.core.names import SYSTEM_METRIC_PREFIX

#: Rows of the table of values, by default and after *Show more*.
INITIAL_TABLE_ROWS, MAX_TABLE_ROWS = 25, 500
#: Number of newest steps to read for values that are not lines.
NEWEST_POINTS = 200


@dataclass(frozen=True)
class MetricCheckbox:
    key: str
    last: DisplayValue
    chosen: bool


@dataclass(frozen=True)
class MetricCheckboxGroup:
    """Metrics whose names have the same prefix, up to the first slash."""

    name: str
    entries: list[MetricCheckbox]

    @property
    def is_open(self) -> bool:
        """Whether the group shows its metrics: of the machine only selected ones."""
        is_system = f"{self.name}/" == SYSTEM_METRIC_PREFIX
        return not is_system or any(entry.chosen for entry in self.entries)


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
        "first": FIRST_CHARTS if _hides_metrics(choice, heads) else 0,
        "groups": _metric_checkbox_groups(heads, choice),
        "nothing": None if heads else empty_state_of("metrics", head.run),
        "panels": panels,
        "grid": logged_table_grid(by_key, request.GET, base),
        "axes": [(axis.value, AXIS_LABELS[axis]()) for axis in Axis],
        "graphs": [(each.value, GROUPING_LABELS[each]()) for each in GraphGrouping],
        "other_options": _options_without_select(choice, panels),
        **_value_table_context(chosen, newest, rows),
        **_query_strings(choice, rows),
    }
    return show_run_tab(request, head, "metrics", etag, context)


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


def _metric_checkbox_groups(
    heads: Sequence[Metric], choice: MetricChoice
) -> list[MetricCheckboxGroup]:
    groups: dict[str, MetricCheckboxGroup] = {}
    for head in heads:
        key = head.key.name
        prefix = key.split("/", 1)[0] if "/" in key else ""
        group = groups.setdefault(prefix, MetricCheckboxGroup(prefix, []))
        group.entries.append(
            MetricCheckbox(key, display_last(head), key in choice.keys)
        )
    return list(groups.values())


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


def _value_table_context(
    chosen: Sequence[Metric], newest: Mapping[int, Points], limit: int
) -> dict[str, Any]:
    """Return the context of the table: the series side by side, by step."""
    series = [head for head in chosen if head.kind in NUMERIC_KINDS]
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
