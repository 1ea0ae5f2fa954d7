"""The head of a column: its order, its chart, and what its values range over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.pages.tables.table_state import TableState, next_sort
from runs.render.formats import align_decimals, grouped
from runs.render.tables import draw_histogram, draw_value_bar
from runs.search.tables import ColumnFilter
from runs.storage.tables import StoredTable, TableColumn, date_range, date_text

Href = Callable[[TableState], str]


@dataclass(frozen=True)
class ColumnHead:
    """`sort` is "ascending", "descending" or empty, as in `aria-sort`."""

    name: str
    is_number: bool
    sort: str
    sort_href: str
    filter_href: str
    is_filtered: bool
    chart: SafeString
    caption: str
    missing: str


def build_head(
    table: StoredTable, column: TableColumn, state: TableState, href: Href
) -> ColumnHead:
    current = state.query.sorts[0] if state.query.sorts else None
    sort = ""
    if current is not None and current.column == column.name:
        sort = "descending" if current.is_descending else "ascending"
    chosen = state.filter_of(column.name)
    edited = "" if state.edited == column.name else column.name
    return ColumnHead(
        column.name,
        column.has_numbers,
        sort,
        href(next_sort(state, column.name)),
        href(state.editing(edited)),
        chosen is not None,
        column_chart(table, column, chosen),
        _caption(column),
        missing_text(column),
    )


def column_chart(
    table: StoredTable,
    column: TableColumn,
    chosen: ColumnFilter | None,
    *,
    large: bool = False,
) -> SafeString:
    """A histogram of numbers, or a bar of the most frequent texts."""
    if column.has_numbers or column.has_dates:
        if "bins" not in column.summary:
            return SafeString("")
        low, high = column.summary["min"], column.summary["max"]
        return draw_histogram(
            column.summary["bins"],
            low,
            high,
            _chosen_range(column, chosen),
            large=large,
            has_dates=column.has_dates,
        )
    counts = [count for _value, count in column.summary["top"]]
    # Where each row has its own text, the shares of texts say nothing.
    if not counts or counts[0] * 100 < table.rows or counts[0] == 1:
        return SafeString("")
    return draw_value_bar(counts, table.rows)


def _chosen_range(
    column: TableColumn, chosen: ColumnFilter | None
) -> tuple[float, float] | None:
    if chosen is None or not (chosen.minimum or chosen.maximum):
        return None
    if column.has_dates:
        return (
            _date_bound(chosen.minimum, 0, -float("inf")),
            _date_bound(chosen.maximum, 1, float("inf")),
        )
    return (_bound(chosen.minimum, -float("inf")), _bound(chosen.maximum, float("inf")))


def _bound(text: str, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _date_bound(text: str, end: int, default: float) -> float:
    try:
        return date_range(text)[end] if text else default
    except (ValueError, OverflowError):
        return default


def column_ends(column: TableColumn) -> tuple[str, str]:
    """Return the first and last date of a column in words."""
    has_time = column.summary["has_time"]
    low, high = (column.summary[end] for end in ("min", "max"))
    return date_text(low, has_time=has_time), date_text(high, has_time=has_time)


def _caption(column: TableColumn) -> str:
    if column.has_dates:
        low, high = column_ends(column)
        return low if low == high else f"{low} – {high}"
    if column.has_numbers:
        if "min" not in column.summary:
            return ""
        ends = [column.summary["min"], column.summary["max"]]
        low, high = (text or "" for text in align_decimals(ends))
        return low if low == high else f"{low} – {high}"
    distinct = column.summary["distinct"]
    words = ngettext("%(n)s value", "%(n)s values", distinct)
    return words % {"n": grouped(distinct)}


def missing_text(column: TableColumn) -> str:
    count = column.missing_count
    return _("%(n)s missing") % {"n": grouped(count)} if count else ""
