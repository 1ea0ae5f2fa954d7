"""What every reader of a table format has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from runs.storage.tables.columns import ColumnCells


class ReadAgain(Exception):
    """The reader took the file for another format, and now knows better."""


class TableReader(Protocol):
    """Reads a file from its start at each call of `chunks`.

    `names` are the columns as the file has them. `notes` counts what was repaired or
    left out; it is complete after the last chunk.
    """

    names: Sequence[str]
    notes: dict[str, int]

    def chunks(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield some rows: how many, and the cells of each column.

        Raises UnreadableTable, or ReadAgain if all chunks so far are to be forgotten.
        """

    def add_cells(self, column: ColumnCells, cells: Any) -> None:
        """Add the cells of one column of a chunk."""
