"""Parses a table: from the chunks of a reader to the arrays of a stored table."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, BinaryIO

from runs.storage.tables.columns import ColumnCells
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.limits import (
    MAX_CELLS,
    MAX_NAME_CHARS,
    MAX_ROWS,
    MAX_TEXT_BYTES,
)
from runs.storage.tables.stored_table import TableWriter
from runs.storage.tables.table_reader import ReadAgain, TableReader

#: Called with the number of rows that were read so far.
Progress = Callable[[int], None]


def build_table(
    reader: TableReader, output: BinaryIO, progress: Progress = lambda _rows: None
) -> dict[str, Any]:
    """Write the table's arrays to `output`, and return its description.

    Raises UnreadableTable.
    """
    rows, columns = _read_columns(reader, frozenset(), progress)
    mixed = {at for at, column in enumerate(columns) if column.is_mixed}
    if mixed:
        # Texts came after numbers. Only these columns are converted again.
        _rows, again = _read_columns(reader, mixed, progress, max_rows=rows)
        for at in mixed:
            columns[at] = again[at]
    if not rows and not any(reader.names):
        raise UnreadableTable(TableFault.EMPTY)
    writer = TableWriter(output)
    for column in columns:
        writer.add(column.name, column.joined())
    return writer.description(rows, reader.notes)


def _read_columns(
    reader: TableReader,
    mixed: Set[int],
    progress: Progress,
    max_rows: int = 0,
) -> tuple[int, list[ColumnCells]]:
    while True:
        try:
            return _read_once(reader, mixed, progress, max_rows)
        except ReadAgain:
            continue


def _read_once(
    reader: TableReader, mixed: Set[int], progress: Progress, max_rows: int
) -> tuple[int, list[ColumnCells]]:
    """Read all columns, or as texts those that are `mixed`."""
    columns = [
        ColumnCells(name, as_text=bool(mixed)) for name in unique_names(reader.names)
    ]
    wanted = sorted(mixed) if mixed else range(len(columns))
    limit = max_rows or min(MAX_ROWS, MAX_CELLS // max(1, len(columns)))
    rows = 0
    for count, cells in reader.chunks():
        if rows + count > limit:
            count, cells = limit - rows, [each[: limit - rows] for each in cells]
        if count:
            for at in wanted:
                reader.add_cells(columns[at], cells[at])
        rows += count
        progress(rows)
        if rows >= limit or _text_bytes(columns) > MAX_TEXT_BYTES:
            reader.notes["cut"] = 1
            break
    return rows, columns


def _text_bytes(columns: Sequence[ColumnCells]) -> int:
    return sum(column.text_bytes for column in columns)


def unique_names(names: Sequence[str]) -> list[str]:
    """Name columns without a name by their number, and number names that come again."""
    taken: set[str] = set()
    unique = []
    for number, name in enumerate(names, start=1):
        base = name.strip()[:MAX_NAME_CHARS] or f"column {number}"
        wanted, again = base, 2
        while wanted in taken:
            wanted, again = f"{base} ({again})", again + 1
        taken.add(wanted)
        unique.append(wanted)
    return unique
