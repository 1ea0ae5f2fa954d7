"""The order of a table's rows. Cells without a value are always last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.search.tables.table_query import MAX_SORTS, ColumnSort
from runs.storage.tables import StoredTable, TableColumn

#: Bytes of the orders that a server process keeps.
MAX_KEPT_BYTES = 64 << 20
#: Fewer keys are sorted as they are.
MIN_DIGIT_SORTED = 20_000

Rows = NDArray[np.intp]


class _KeptOrders:
    """The orders of whole tables that were used last: page 2 sorts nothing."""

    def __init__(self) -> None:
        self._orders: OrderedDict[object, Rows] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> Rows | None:
        with self._lock:
            found = self._orders.pop(key, None)
            if found is not None:
                self._orders[key] = found
        return found

    def keep(self, key: object, rows: Rows) -> None:
        with self._lock:
            self._orders[key] = rows
            while self._orders and self._total() > MAX_KEPT_BYTES:
                self._orders.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._orders.clear()

    def _total(self) -> int:
        return sum(rows.nbytes for rows in self._orders.values())


_kept_orders = _KeptOrders()


def forget_orders() -> None:
    """Sort again from the next query on; for measurements."""
    _kept_orders.forget()


def sorted_rows(
    table: StoredTable, rows: Rows | None, sorts: tuple[ColumnSort, ...]
) -> Rows:
    """Sort the numbers of rows; None is all rows. Equal ones keep the file's order."""
    columns = [
        (column, each.is_descending)
        for each in sorts[:MAX_SORTS]
        if (column := table.find(each.column)) is not None
    ]
    if rows is not None:
        return _sort(table, rows, columns)
    if not columns:
        return np.arange(table.rows)
    key = (table.identity, sorts)
    order = _kept_orders.get(key)
    if order is None:
        order = _sort(table, np.arange(table.rows), columns)
        _kept_orders.keep(key, order)
    return order


def _sort(
    table: StoredTable, rows: Rows, columns: list[tuple[TableColumn, bool]]
) -> Rows:
    # The most important column last: each sort keeps the order of equal rows.
    for column, is_descending in reversed(columns):
        rows = _sort_by(table, rows, column, is_descending)
    return rows


def _sort_by(
    table: StoredTable, rows: Rows, column: TableColumn, is_descending: bool
) -> Rows:
    keys = table.sort_keys(column)[rows]
    if is_descending:
        # The complement of an integer: the smallest one has no negative.
        keys = -keys if keys.dtype.kind == "f" else ~keys
    order = rows[_stable_order(keys)]
    if not column.missing_count:
        return order
    missing = table.missing(column)[order]
    return np.concatenate([order[~missing], order[missing]])


def _stable_order(keys: NDArray[Any]) -> Rows:
    """Sort keys; whole numbers of 32 bits by their digits of 16, which is faster."""
    if keys.dtype.kind == "f" or len(keys) < MIN_DIGIT_SORTED:
        return np.argsort(keys, kind="stable")
    low, high = keys.min().item(), keys.max().item()
    if high - low >= 1 << 32:
        return np.argsort(keys, kind="stable")
    digits = (keys.astype(np.int64) - low).astype(np.uint32)
    order = np.argsort((digits & 0xFFFF).astype(np.uint16), kind="stable")
    if high - low >= 1 << 16:
        upper = (digits >> 16).astype(np.uint16)
        order = order[np.argsort(upper[order], kind="stable")]
    return order
