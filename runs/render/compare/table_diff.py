"""How two tables differ, row by row of the same key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Sequence[Any]
#: Stands for a missing column.
NO_CELL = object()


@dataclass(frozen=True)
class PlainTable:
    """The columns of a table, and its rows with a cell for each of them."""

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class CellDiff:
    """The cell of a column in both tables; `NO_CELL` where one has no such cell."""

    old: Any
    new: Any

    @property
    def differs(self) -> bool:
        return not _is_same(self.old, self.new)


@dataclass(frozen=True)
class RowDiff:
    """Rows with the same key. `sign` is `+` for an added one, `-` for a removed one."""

    key: Any
    sign: str
    cells: Sequence[CellDiff]


@dataclass(frozen=True)
class TableDiff:
    """`columns` are those of the cells, without the key. Equal rows are counted."""

    columns: Sequence[str]
    rows: Sequence[RowDiff]
    equal: int

    def count(self, sign: str) -> int:
        return sum(row.sign == sign for row in self.rows)


def key_columns(old: PlainTable, new: PlainTable) -> list[str]:
    """Return the columns whose values name one row in each of the tables."""
    return [
        name
        for name in old.columns
        if name in new.columns and _names_rows(old, name) and _names_rows(new, name)
    ]


def diff_tables(old: PlainTable, new: PlainTable, key: str) -> TableDiff:
    """Compare rows with the same value in the column `key`, or at the same place if
    it is empty.

    Changed and added rows come in the order of the new table, removed ones at the end.
    """
    names = [*old.columns, *(n for n in new.columns if n not in old.columns)]
    columns = [name for name in names if name != key]
    before, after = _by_key(old, key), _by_key(new, key)
    rows, equal = [], 0
    for found, row in after.items():
        cells = _cells(columns, before.get(found), row)
        if found not in before:
            rows.append(RowDiff(found, "+", cells))
        elif any(cell.differs for cell in cells):
            rows.append(RowDiff(found, "", cells))
        else:
            equal += 1
    rows += [
        RowDiff(found, "-", _cells(columns, row, None))
        for found, row in before.items()
        if found not in after
    ]
    return TableDiff(columns, rows, equal)


def _by_key(table: PlainTable, key: str) -> dict[Any, Mapping[str, Any]]:
    found: dict[Any, Mapping[str, Any]] = {}
    for number, row in enumerate(table.rows, 1):
        cells = dict(zip(table.columns, row, strict=True))
        found[_comparable(cells[key]) if key else number] = cells
    return found


def _cells(
    columns: Sequence[str],
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
) -> list[CellDiff]:
    before, after = old or {}, new or {}
    return [
        CellDiff(before.get(name, NO_CELL), after.get(name, NO_CELL))
        for name in columns
    ]


def _names_rows(table: PlainTable, name: str) -> bool:
    at = list(table.columns).index(name)
    values = [_comparable(row[at]) for row in table.rows]
    if None in values or len(set(values)) != len(values):
        return False
    # Fractions are measured; they name nothing.
    return not any(isinstance(x, float) and not x.is_integer() for x in values)


def _comparable(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    return repr(value)


def _is_same(one: Any, other: Any) -> bool:
    # NaN is not equal to itself.
    return bool(one == other) or (_is_nan(one) and _is_nan(other))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
