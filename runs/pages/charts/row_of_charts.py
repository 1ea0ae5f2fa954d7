"""A row of charts on a page: the list's, or that of any page with runs in its address.

    chart_cards(charts, addresses)

`ChartCardAddresses` has the addresses of the page. The cards of `_chart_row.html` are
made from it, and `static/js/charts/chart-row.js` draws what they name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from django.utils.timezone import get_current_timezone

from runs.pages.chart_kinds import (
    KINDS,
    ChartTable,
    build_table,
    chart_note,
    chart_title,
    kind_of,
    read_runs_of_charts,
)
from runs.pages.lists import ListLinks, ListState
from runs.pages.requests import PageRequest
from runs.search.sql import time_limit
from studio.core.chart_kinds import CHART_KINDS, MORE_RUNS
from studio.core.errors import InvalidValue
from studio.core.view_charts import FULL_RANGE, MAX_CHARTS, Chart, read_chart


@dataclass(frozen=True)
class ChartCardAddresses:
    """The addresses that a row of charts links to.

    `page(charts)` is the address of the page with other charts. `part(name)` is the
    address of `figure`, `table`, `values` (`chart` is added) and `edit` (`at` is
    added), with a query string that names the runs.
    """

    page: Callable[[tuple[Chart, ...]], str]
    part: Callable[[str], str]
    #: Gets `field`, `low` and `high` of a brushed axis; empty if brushing is off.
    brush: str = ""


@dataclass(frozen=True)
class ChartKindLink:
    kind: str
    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class ChartCard:
    """A chart in the row; `key` does not change when the chart moves in the row."""

    key: str
    at: int
    chart: Chart
    text: str
    title: str
    note: str
    figure: str
    table_href: str
    values: str
    edit: str
    remove: str
    left: str
    right: str
    kinds: list[ChartKindLink]
    #: Whether the legend is shown: "1", "0", or empty for automatic.
    legend: str
    icon: str
    role: str
    #: The same chart of more runs; empty if it has as many as possible.
    more: str = ""
    #: The same chart with the other range: of all values, or of most lines.
    other_range: str = ""
    table: ChartTable | None = None


def chart_cards(
    charts: Sequence[Chart],
    addresses: ChartCardAddresses,
    tables: Sequence[ChartTable] = (),
) -> list[ChartCard]:
    """Return the cards; `tables` is empty, or has a table for each chart."""
    cards = [_chart_card(tuple(charts), at, addresses) for at in range(len(charts))]
    if not tables:
        return cards
    pairs = zip(cards, tables, strict=True)
    return [ChartCard(**{**vars(card), "table": table}) for card, table in pairs]


def can_add_chart(charts: Sequence[Chart]) -> bool:
    return len(charts) < MAX_CHARTS


def _chart_card(
    charts: tuple[Chart, ...], at: int, addresses: ChartCardAddresses
) -> ChartCard:
    chart, text = charts[at], str(charts[at])
    chart_parameter = f"chart={quote(text, safe='')}"
    # Two equal charts need different keys, or htmx would mix them up.
    same = charts[:at].count(chart)
    key = blake2b(f"{text} {same}".encode(), digest_size=6).hexdigest()
    return ChartCard(
        key,
        at,
        chart,
        text,
        chart_title(chart),
        chart_note(chart),
        _extend_query(addresses.part("figure"), chart_parameter),
        _extend_query(addresses.part("table"), chart_parameter),
        _extend_query(addresses.part("values"), chart_parameter),
        _extend_query(addresses.part("edit"), f"at={at}"),
        addresses.page(charts[:at] + charts[at + 1 :]),
        addresses.page(_with_moved_chart(charts, at, at - 1)) if at else "",
        addresses.page(_with_moved_chart(charts, at, at + 1))
        if at + 1 < len(charts)
        else "",
        list(_chart_kind_links(charts, at, addresses)),
        chart.option("legend"),
        kind_of(chart).icon,
        kind_of(chart).role,
        addresses.page(_with_more_runs(charts, at))
        if following_run_count(chart)
        else "",
        addresses.page(_with_other_range(charts, at)),
    )


def following_run_count(chart: Chart) -> int:
    """How many runs *Show more* draws; 0 if the chart draws as many as possible."""
    return next((n for n in MORE_RUNS if n > chart.runs), 0)


def _with_more_runs(charts: tuple[Chart, ...], at: int) -> tuple[Chart, ...]:
    return _with_option(charts, at, "runs", str(following_run_count(charts[at])))


def _with_other_range(charts: tuple[Chart, ...], at: int) -> tuple[Chart, ...]:
    other = "" if charts[at].has_full_range else FULL_RANGE
    return _with_option(charts, at, "range", other)


def _with_option(
    charts: tuple[Chart, ...], at: int, name: str, value: str
) -> tuple[Chart, ...]:
    chart = charts[at]
    options = [each for each in chart.options if each[0] != name]
    options += [(name, value)] if value else []
    # Read as text, which puts the options in their order.
    changed = read_chart(str(Chart(chart.kind, chart.fields, tuple(options))))
    return (*charts[:at], changed, *charts[at + 1 :])


def _extend_query(address: str, more: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{more}"


def _with_moved_chart(charts: tuple[Chart, ...], at: int, to: int) -> tuple[Chart, ...]:
    rest = [*charts[:at], *charts[at + 1 :]]
    rest.insert(to, charts[at])
    return tuple(rest)


def _chart_kind_links(
    charts: tuple[Chart, ...], at: int, addresses: ChartCardAddresses
) -> list[ChartKindLink]:
    """Return links to the same fields in each chart type that can draw them."""
    found = []
    for kind in CHART_KINDS:
        other = _chart_of_other_kind(charts[at], kind)
        if other is None:
            continue
        changed = (*charts[:at], other, *charts[at + 1 :])
        current = kind == charts[at].kind
        found.append(
            ChartKindLink(kind, KINDS[kind].label(), addresses.page(changed), current)
        )
    return found


def _chart_of_other_kind(chart: Chart, kind: str) -> Chart | None:
    fields = chart.fields[: CHART_KINDS[kind].max_fields]
    try:
        # Read as text, so that the rules of the other type decide if it can be drawn.
        return read_chart(str(Chart(kind, fields, chart.options)))
    except InvalidValue:
        return None


def chart_cards_context(
    request: PageRequest, state: ListState, links: ListLinks
) -> dict[str, Any]:
    """Return the context of the row of charts of a run list.

    A full page also has the tables. Only a script requests fragments, and it draws.
    """
    addresses = ChartCardAddresses(
        page=partial(_list_query_with_charts, links),
        part=lambda name: links.part_address(CHART_ADDRESS_PARTS[name]),
        brush=links.part_address("charts/brush"),
    )
    tables: Sequence[ChartTable] = ()
    charts = state.spec.charts
    if charts and not request.htmx:
        tables = _chart_tables(state)
    return {
        "cards": chart_cards(charts, addresses, tables),
        "add_chart": links.part_address("charts") if can_add_chart(charts) else "",
        "brush_url": addresses.brush,
    }


#: The part of the list's addresses that answers each request of a chart.
CHART_ADDRESS_PARTS = {
    "figure": "charts/figure",
    "table": "charts/table",
    "values": "charts/values",
    "edit": "charts",
}


def _list_query_with_charts(links: ListLinks, charts: tuple[Chart, ...]) -> str:
    spec = links.spec
    return links.query_with(charts=charts, after=spec.after, before=spec.before)


def _chart_tables(state: ListState) -> list[ChartTable]:
    zone, workspace = get_current_timezone(), state.workspace.name
    charts = state.spec.charts
    # One limit for all charts of the page, however many they are.
    with time_limit():
        chart_runs = read_runs_of_charts(state, charts)
        return [
            build_table(chart, runs, zone, workspace)
            for chart, runs in zip(charts, chart_runs, strict=True)
        ]
