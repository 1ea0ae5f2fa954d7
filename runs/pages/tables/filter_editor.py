"""The filter of one column: a form, its chart, and the most frequent values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from runs.pages.tables.column_heads import column_chart, column_ends, missing_text
from runs.pages.tables.table_state import TableState
from runs.render.formats import grouped
from runs.search.tables import ColumnFilter
from runs.storage.tables import StoredTable, TableColumn


@dataclass(frozen=True)
class ValueChoice:
    """A frequent value; `count` is its number of rows in the whole table."""

    value: str
    count: str
    is_chosen: bool


@dataclass(frozen=True)
class FilterEditor:
    """The form; `hidden` has the rest of the state."""

    column: str
    is_number: bool
    chosen: ColumnFilter
    chart: SafeString
    lowest: str
    highest: str
    missing: str
    values: Sequence[ValueChoice]
    hidden: Sequence[tuple[str, str]]
    close: str
    clear: str


def build_editor(
    table: StoredTable,
    column: TableColumn,
    state: TableState,
    href: Callable[[TableState], str],
) -> FilterEditor:
    chosen = state.filter_of(column.name)
    summary = column.summary
    rest = state.without_filter(column.name)
    lowest, highest = (
        column_ends(column)
        if column.has_dates
        else (_plain(summary.get("min")), _plain(summary.get("max")))
    )
    return FilterEditor(
        column.name,
        column.has_numbers,
        chosen or ColumnFilter(column.name),
        column_chart(table, column, chosen, large=True),
        lowest,
        highest,
        missing_text(column),
        () if column.has_numbers else _value_choices(column, chosen),
        rest.parameters(),
        href(state.editing("")),
        href(rest) if chosen else "",
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if value % 1 else str(int(value))


def _value_choices(
    column: TableColumn, chosen: ColumnFilter | None
) -> Sequence[ValueChoice]:
    counts = {
        value: grouped(count)
        for value, count in column.summary["top"]
        if value is not None and count > 1
    }
    wanted = chosen.equals if chosen else ()
    # A chosen value that is not frequent can be removed as well.
    named = [*counts, *(value for value in wanted if value not in counts)]
    return [ValueChoice(name, counts.get(name, ""), name in wanted) for name in named]
