"""The charts of a run list: their cards, and their tables where no script asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.timezone import get_current_timezone

from runs.pages.chart_kinds import KindTable, build_table, read_chart_runs
from runs.pages.charts.chart_row import ChartRowAddresses, can_add_chart, chart_cards
from runs.pages.lists import ListLinks, ListState
from runs.pages.requests import PageRequest
from runs.search.sql import time_limit
from studio.core.view_charts import Chart


def chart_row_context(
    request: PageRequest, state: ListState, links: ListLinks
) -> dict[str, Any]:
    """What the list's templates need. A full page has the tables; a fragment is only
    ever asked for by a script, which draws."""
    place = ChartRowAddresses(
        page=partial(_list_address, links),
        part=lambda name: links.part(ADDRESS_PARTS[name]),
        brush=links.part("charts/brush"),
    )
    tables: Sequence[KindTable] = ()
    charts = state.spec.charts
    if charts and not request.htmx:
        tables = _tables(state)
    return {
        "cards": chart_cards(charts, place, tables),
        "add_chart": links.part("charts") if can_add_chart(charts) else "",
        "brush_url": place.brush,
    }


#: The list's part that does what a chart asks for.
ADDRESS_PARTS = {
    "figure": "charts/figure",
    "table": "charts/table",
    "values": "charts/values",
    "edit": "charts",
}


def _list_address(links: ListLinks, charts: tuple[Chart, ...]) -> str:
    spec = links.spec
    return links.query(charts=charts, after=spec.after, before=spec.before)


def _tables(state: ListState) -> list[KindTable]:
    zone, workspace = get_current_timezone(), state.workspace.name
    charts = state.spec.charts
    with time_limit():
        drawn = read_chart_runs(state, charts)
        return [
            build_table(chart, runs, zone, workspace)
            for chart, runs in zip(charts, drawn, strict=True)
        ]
