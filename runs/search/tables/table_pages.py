"""Selects the rows of a table that a page shows or a download contains."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.search.tables.conditions import cell_values, matching_rows
from runs.search.tables.row_order import sorted_rows
from runs.search.tables.table_query import TableQuery
from runs.storage.tables import StoredTable, TableColumn

#: Queries that compute at the same time, per server process. Each needs up to 100 bytes
#: for each row of its table.
MAX_QUERIES = 2
_DOWNLOADED_ROWS = 2_000

_slots = threading.BoundedSemaphore(MAX_QUERIES)


@dataclass(frozen=True)
class SelectedRows:
    """The numbers of all rows that match, in order, counted from 0."""

    numbers: NDArray[np.intp]

    @property
    def count(self) -> int:
        return len(self.numbers)


def select_rows(table: StoredTable, query: TableQuery) -> SelectedRows:
    """Raises InvalidValue."""
    with _slots:
        rows = matching_rows(table, query) if query.has_conditions else None
        return SelectedRows(sorted_rows(table, rows, query.sorts))


def read_page(
    table: StoredTable,
    selected: SelectedRows,
    columns: Sequence[TableColumn],
    first: int,
    count: int,
    max_bytes: int,
) -> tuple[Sequence[int], Sequence[Sequence[Any]]]:
    """Return the numbers of the rows of a page, and the cells of each column."""
    rows = selected.numbers[first : first + count]
    cells = [cell_values(table, column, rows, max_bytes) for column in columns]
    return rows.tolist(), cells


def iterate_rows(
    table: StoredTable, selected: SelectedRows, columns: Sequence[TableColumn]
) -> Iterator[Sequence[Any]]:
    """Yield all selected rows with whole cells; few of them are in memory at once."""
    size = max(1, _DOWNLOADED_ROWS * 10 // max(10, len(columns)))
    for start in range(0, selected.count, size):
        rows = selected.numbers[start : start + size]
        cells = [cell_values(table, column, rows) for column in columns]
        yield from zip(*cells, strict=True)
