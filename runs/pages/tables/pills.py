"""The filters of a table in words, each with the address without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.tables.table_state import TableState
from runs.search.tables import ColumnFilter
from runs.storage.tables import StoredTable

#: Chosen values that are named; others are counted.
_NAMED_VALUES = 3


@dataclass(frozen=True)
class FilterPill:
    label: str
    text: str
    edit: str
    without: str


def filter_pills(
    table: StoredTable, state: TableState, href: Callable[[TableState], str]
) -> Sequence[FilterPill]:
    pills = [
        FilterPill(
            each.column,
            filter_text(each),
            href(state.editing(each.column)),
            href(state.without_filter(each.column)),
        )
        for each in state.query.filters
        if table.find(each.column) is not None
    ]
    if state.query.text:
        without = href(state.with_text(""))
        label = pgettext("filter of a table", "Search")
        pills.append(FilterPill(label, state.query.text, "", without))
    return pills


def filter_text(each: ColumnFilter) -> str:
    """Return the filter in words."""
    parts = []
    if each.minimum and each.maximum:
        parts.append(f"{each.minimum} – {each.maximum}")
    elif each.minimum:
        parts.append(f"≥ {each.minimum}")
    elif each.maximum:
        parts.append(f"≤ {each.maximum}")
    if each.contains:
        parts.append(_("contains “%(text)s”") % {"text": each.contains})
    if each.equals:
        more = len(each.equals) - _NAMED_VALUES
        named = ", ".join(each.equals[:_NAMED_VALUES])
        parts.append(f"{named} +{more}" if more > 0 else named)
    if each.is_missing is not None:
        parts.append(
            pgettext("filter of a table", "missing")
            if each.is_missing
            else pgettext("filter of a table", "not missing")
        )
    return ", ".join(parts)
