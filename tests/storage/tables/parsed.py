"""Tables of a few rows, parsed from the text of a file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from runs.search.tables import TableQuery, iterate_rows, read_page, select_rows
from runs.storage.tables import StoredTable, TableFormat
from runs.storage.tables.table_cache import parse_in_memory


def parsed(content: str | bytes, kind: TableFormat = TableFormat.CSV) -> StoredTable:
    data = content.encode() if isinstance(content, str) else content
    return parse_in_memory(io.BytesIO(data), len(data), kind)


def rows_of(table: StoredTable, query: TableQuery | None = None) -> list[list[Any]]:
    selected = select_rows(table, query or TableQuery())
    return [list(row) for row in iterate_rows(table, selected, table.columns)]


def column_of(table: StoredTable, name: str, query: TableQuery) -> list[Any]:
    """The cells of one column, on a page that has all selected rows."""
    column = table.find(name)
    assert column is not None
    selected = select_rows(table, query)
    assert selected.numbers.dtype == np.intp
    [cells] = read_page(table, selected, [column], 0, table.rows, 1_000)[1]
    return list(cells)


def names_of(table: StoredTable) -> list[str]:
    return [column.name for column in table.columns]


def kinds_of(table: StoredTable) -> list[str]:
    return [column.kind for column in table.columns]
