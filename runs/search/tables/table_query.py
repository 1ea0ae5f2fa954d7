"""What a reader asks of a table: which rows, in which order."""

from __future__ import annotations

from dataclasses import dataclass

#: Columns that a table is sorted by at the same time.
MAX_SORTS = 3


@dataclass(frozen=True)
class ColumnFilter:
    """Conditions on one column; all that are given must hold.

    `minimum` and `maximum` are compared as numbers or dates in a column of these, else
    as texts. `contains` ignores case. `is_missing` is None if all cells match.
    """

    column: str
    minimum: str = ""
    maximum: str = ""
    contains: str = ""
    equals: tuple[str, ...] = ()
    is_missing: bool | None = None


@dataclass(frozen=True)
class ColumnSort:
    column: str
    is_descending: bool = False


@dataclass(frozen=True)
class TableQuery:
    """`text` is searched for in all columns. Unknown columns are left out."""

    filters: tuple[ColumnFilter, ...] = ()
    sorts: tuple[ColumnSort, ...] = ()
    text: str = ""

    @property
    def has_conditions(self) -> bool:
        return bool(self.filters or self.text)
