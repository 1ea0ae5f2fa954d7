"""The charts below the comparison, in the colors and dashes of its heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.utils.timezone import get_current_timezone

from runs.pages.chart_kinds import build_table, read_runs_of_charts_for_viewer
from runs.pages.charts import (
    CHART_ADDRESS_PARTS,
    ChartCardAddresses,
    can_add_chart,
    chart_cards,
)
from runs.pages.compare.state import CompareState
from runs.pages.requests import PageRequest
from runs.search.compare import ComparedRow, Comparison
from runs.search.sql import time_limit
from studio.core import view_text
from studio.core.filters.tree import Field, metric
from studio.core.names import is_counter_metric, is_system_metric, natural_order
from studio.core.view_charts import MAX_RUNS, Chart
from studio.core.view_spec import ViewSpec, parse_tolerant

#: Number of default charts, and the word for no charts.
DEFAULT_CHART_COUNT, NO_CHARTS = 2, "none"
#: With more runs, tables would slow down the page; they have pages of their own.
MAX_TABLE_RUNS = 20


@dataclass(frozen=True)
class _CompareChartAddresses:
    """The addresses of the page with other charts, and of the charts' figures."""

    request: PageRequest
    state: CompareState
    compared: Comparison

    def address_of_page(self, charts: tuple[Chart, ...]) -> str:
        return self.state.href(charts=view_text.join_with_commas(charts) or NO_CHARTS)

    def address_of_part(self, charts: Sequence[Chart], name: str) -> str:
        path = f"/w/{self.request.workspace.name}/list/{CHART_ADDRESS_PARTS[name]}/"
        if name == "edit":
            text = view_text.join_with_commas(tuple(charts))
            return f"{path}?{replace(self.state, charts=text).query()}"
        runs = [("run", run.run_id) for run in self.compared.runs]
        return f"{path}?{urlencode(runs)}"


def compare_charts_context(
    request: PageRequest, state: CompareState, compared: Comparison, goals: set[str]
) -> dict[str, Any]:
    """Return the context of `_chart_row.html`; a full page also has the tables."""
    charts = charts_to_show(state, compared, goals)
    addresses = _CompareChartAddresses(request, state, compared)
    row_addresses = ChartCardAddresses(
        addresses.address_of_page, partial(addresses.address_of_part, charts)
    )
    tables = []
    if charts and not request.htmx and len(compared.runs) <= MAX_TABLE_RUNS:
        zone, workspace = get_current_timezone(), request.workspace.name
        with time_limit():
            who = (request.actor.user, request.workspace)
            named = request.GET.getlist("run")[:MAX_RUNS]
            chart_runs = read_runs_of_charts_for_viewer(
                ViewSpec(), charts, *who, None, named
            )
            tables = [
                build_table(chart, runs, zone, workspace)
                for chart, runs in zip(charts, chart_runs, strict=True)
            ]
    return {
        "cards": chart_cards(charts, row_addresses, tables),
        "add_chart": addresses.address_of_part(charts, "edit")
        if can_add_chart(charts)
        else "",
    }


def charts_to_show(
    state: CompareState, compared: Comparison, goals: set[str]
) -> tuple[Chart, ...]:
    """Return the readable charts of the address, else the first series."""
    if state.charts == NO_CHARTS:
        return ()
    if state.charts:
        spec, _complaints = parse_tolerant({"charts": state.charts})
        return spec.charts
    rows = [row for row in compared.metrics if row.points > 1 and row.differs]
    best = sorted(rows, key=lambda row: _metric_row_sort_key(row, goals))[
        :DEFAULT_CHART_COUNT
    ]
    return tuple(Chart("line", (_metric_of_row(row),)) for row in best)


def unreadable_chart_warnings(state: CompareState) -> list[str]:
    """Return messages about charts of the address that can't be read."""
    if state.charts == NO_CHARTS:
        return []
    _spec, found = parse_tolerant({"charts": state.charts})
    return [each.message for each in found]


def _metric_row_sort_key(row: ComparedRow, goals: set[str]) -> tuple[Any, ...]:
    """Sort key: metrics with a goal or of most runs first, counters last."""
    return (
        is_system_metric(row.key),
        is_counter_metric(row.key),
        row.key not in goals,
        -sum(value is not None for value in row.values),
        natural_order(row.key),
    )


def _metric_of_row(row: ComparedRow) -> Field:
    return metric(row.key)
