"""Which rows of a table match. Each condition is computed for all rows at once."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from runs.search.tables.table_query import ColumnFilter, TableQuery
from runs.search.tables.text_search import codes_containing
from runs.storage.tables import StoredTable, TableColumn, date_range
from studio.core.errors import InvalidValue

Mask = NDArray[np.bool_]


def matching_rows(table: StoredTable, query: TableQuery) -> NDArray[np.intp] | None:
    """Return the numbers of the rows that match, in their order; None is all rows.

    Raises InvalidValue if a bound of a column of numbers is no number.
    """
    masks = [
        _filter_mask(table, column, each)
        for each in query.filters
        if (column := table.find(each.column)) is not None
    ]
    if query.text:
        masks.append(_search_mask(table, query.text))
    if not masks:
        return None
    return np.flatnonzero(np.logical_and.reduce(masks))


def _filter_mask(table: StoredTable, column: TableColumn, each: ColumnFilter) -> Mask:
    mask = np.ones(table.rows, bool)
    if each.is_missing is not None:
        mask &= table.missing(column) == each.is_missing
    if each.minimum or each.maximum:
        mask &= _range_mask(table, column, each)
    if each.contains:
        mask &= _contains_mask(table, column, each.contains)
    if each.equals:
        mask &= _equals_mask(table, column, each.equals)
    return mask


def _range_mask(table: StoredTable, column: TableColumn, each: ColumnFilter) -> Mask:
    if column.has_dates:
        return _date_mask(table, column, each)
    if not column.has_numbers:
        codes = table.codes(column)
        first = _code_of(table, column, each.minimum, bisect_left)
        # A range of texts includes all that begin with its last one.
        last = each.maximum + "\U0010ffff"
        end = _code_of(table, column, last, bisect_right) if each.maximum else None
        mask: Mask = codes >= first
        return mask if end is None else mask & (codes < end)
    values = table.numbers(column)
    mask = ~table.missing(column)
    if each.minimum:
        mask &= values >= _bound(each.minimum)
    if each.maximum:
        mask &= values <= _bound(each.maximum)
    return mask


def _date_mask(table: StoredTable, column: TableColumn, each: ColumnFilter) -> Mask:
    dates = table.dates(column)
    mask = ~table.missing(column)
    try:
        if each.minimum:
            mask &= dates >= date_range(each.minimum)[0]
        if each.maximum:
            # A range includes all times of its last day, or of its last month.
            mask &= dates <= date_range(each.maximum)[1]
    except (ValueError, OverflowError) as error:
        raise InvalidValue(
            _("The bounds of a column of dates must be dates, such as 2026-03-14."),
            value=(each.minimum or each.maximum)[:100],
        ) from error
    return mask


def _bound(text: str) -> float | int:
    try:
        # An integer stays exact: 64 bits do not fit into a float.
        number: float | int = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError as error:
        raise InvalidValue(
            _("The bounds of a column of numbers must be numbers."), value=text[:100]
        ) from error
    limits = np.iinfo(np.int64)
    return number if limits.min <= number <= limits.max else float(number)


def _code_of(
    table: StoredTable,
    column: TableColumn,
    text: str,
    bisect: Callable[..., int],
) -> int:
    """Return where the text is, or would be, among the distinct texts."""
    wanted = text.encode("utf-8", "replace")
    codes = range(len(table.array(column, "ends")))
    return bisect(codes, wanted, key=lambda code: table.text_of_code(column, code))


def _contains_mask(table: StoredTable, column: TableColumn, text: str) -> Mask:
    if column.has_numbers:
        return _rounded_mask(table, column, text)
    return _by_code(table, column, codes_containing(table, column, text))


def _equals_mask(
    table: StoredTable, column: TableColumn, wanted: Sequence[str]
) -> Mask:
    if column.has_numbers:
        masks = [_number_mask(table, column, text) for text in wanted]
        return np.logical_or.reduce(masks)  # type: ignore[no-any-return]
    found = np.zeros(len(table.array(column, "ends")), bool)
    for text in wanted:
        code = _code_of(table, column, text, bisect_left)
        if code < len(found):
            exact = table.text_of_code(column, code) == text.encode("utf-8", "replace")
            found[code] |= exact
    return _by_code(table, column, found)


def _by_code(table: StoredTable, column: TableColumn, found: Mask) -> Mask:
    # The last entry is for -1, a missing text.
    return np.append(found, False)[table.codes(column)]


def _number_mask(table: StoredTable, column: TableColumn, text: str) -> Mask:
    number = _number(text)
    if number is None:
        return np.zeros(table.rows, bool)
    values = table.numbers(column)
    same: Mask = np.isnan(values) if math.isnan(number) else values == number
    return same & ~table.missing(column)


def _rounded_mask(table: StoredTable, column: TableColumn, text: str) -> Mask:
    """Match numbers that are `text` when they are rounded to its digits."""
    number = _number(text)
    if number is None or not math.isfinite(number) or "e" in text.lower():
        return _number_mask(table, column, text)
    digits = len(text.partition(".")[2])
    if not digits:
        return _number_mask(table, column, text)
    values = table.numbers(column)
    with np.errstate(invalid="ignore", over="ignore"):
        near: Mask = np.abs(values - number) <= 0.5 * 10.0**-digits
    return near & ~table.missing(column)


def _number(text: str) -> float | int | None:
    plain = text.strip().replace(",", "")
    try:
        return _bound(plain)
    except InvalidValue:
        return None


def _search_mask(table: StoredTable, text: str) -> Mask:
    mask = np.zeros(table.rows, bool)
    for column in table.columns:
        mask |= _contains_mask(table, column, text)
    return mask


def cell_values(
    table: StoredTable,
    column: TableColumn,
    rows: NDArray[np.intp],
    max_bytes: int | None = None,
) -> list[Any]:
    """Return the cells of some rows: numbers or texts; None is a missing cell."""
    if column.has_numbers:
        missing = (
            table.missing(column)[rows]
            if column.missing_count
            else np.zeros(len(rows), bool)
        )
        values = table.numbers(column)[rows].tolist()
        return [
            None if gap else value
            for value, gap in zip(values, missing.tolist(), strict=True)
        ]
    return [
        None
        if code < 0
        else table.text_of_code(column, code, max_bytes).decode("utf-8", "replace")
        for code in table.codes(column)[rows].tolist()
    ]
