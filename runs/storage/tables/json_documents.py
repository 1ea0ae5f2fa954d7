"""Reads JSON: a document of one table, or an object in each line.

A document is what `log_table` of MLflow and pandas write: `{"columns": …, "data": …}`,
or a list of objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from runs.storage.tables.cell_values import value_text
from runs.storage.tables.columns import ColumnCells
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.limits import (
    CHUNK_CELLS,
    MAX_COLUMNS,
    MAX_JSON_BYTES,
    MAX_LINE_CHARS,
)

#: Rows whose keys are the columns of JSON lines; keys that come later are left out.
_SNIFFED_ROWS = 1_000
_TABLE_KEYS = ({"columns", "data"}, {"columns", "index", "data"})

Rows = Sequence[Sequence[Any]]


class JsonValues:
    """Adds JSON values to columns."""

    names: Sequence[str] = ()

    def __init__(self) -> None:
        self.notes: dict[str, int] = {}

    def add_cells(self, column: ColumnCells, cells: Sequence[Any]) -> None:
        column.add_values(cells)

    def _limit_names(self, names: Sequence[Any]) -> Sequence[str]:
        if len(names) > MAX_COLUMNS:
            self.notes["columns"] = len(names) - MAX_COLUMNS
        return [value_text(name) or "" for name in names[:MAX_COLUMNS]]

    def _chunk_rows(self) -> int:
        return max(1, CHUNK_CELLS // max(1, len(self.names)))


class JsonDocument(JsonValues):
    """A table that is one JSON document. Raises UnreadableTable."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        text = source.read(MAX_JSON_BYTES + 1)
        if len(text) > MAX_JSON_BYTES:
            raise UnreadableTable(TableFault.TOO_LARGE)
        try:
            document = json.loads(text.decode(json.detect_encoding(text), "replace"))
        except (ValueError, RecursionError) as error:
            raise UnreadableTable(TableFault.CORRUPT, str(error)) from error
        self._rows: Sequence[Any]
        if isinstance(document, dict) and document.keys() in _TABLE_KEYS:
            names, self._rows = document["columns"], document["data"]
            if not isinstance(names, list) or not isinstance(self._rows, list):
                raise UnreadableTable(TableFault.NO_TABLE)
            self._keys: Sequence[Any] | None = None
            self.names = self._limit_names(list(map(_joined_name, names)))
        elif isinstance(document, list) and any(isinstance(r, dict) for r in document):
            self._rows = document
            self._keys = _keys_of(document)[:MAX_COLUMNS]
            self.names = self._limit_names(_keys_of(document))
        else:
            raise UnreadableTable(TableFault.NO_TABLE)

    def chunks(self) -> Iterator[tuple[int, Sequence[Sequence[Any]]]]:
        size, width = self._chunk_rows(), len(self.names)
        for start in range(0, len(self._rows), size):
            rows = self._rows[start : start + size]
            if self._keys is not None:
                yield len(rows), _columns_of_objects(rows, self._keys)
            else:
                yield len(rows), _columns_of_lists(rows, width)


class JsonLines(JsonValues):
    """An object in each line; of another value, the column `value`."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        # Complete for most files: later rows rarely have more keys.
        first = list(islice(self._values(), _SNIFFED_ROWS))
        if not first:
            raise UnreadableTable(
                TableFault.CORRUPT if self.notes else TableFault.EMPTY
            )
        self._keys = _keys_of(first)[:MAX_COLUMNS]
        self.notes = {}
        self.names = self._limit_names(_keys_of(first))
        if not self.names:
            raise UnreadableTable(TableFault.NO_TABLE)

    def chunks(self) -> Iterator[tuple[int, Sequence[Sequence[Any]]]]:
        size, known = self._chunk_rows(), set(self._keys)
        self.notes.pop("bad_lines", None)
        rows: list[Any] = []
        for row in self._values():
            rows.append(row)
            if isinstance(row, dict) and len(row) > 0 and not row.keys() <= known:
                self.notes["later_columns"] = self.notes.get("later_columns", 0) + 1
            if len(rows) == size:
                yield size, _columns_of_objects(rows, self._keys)
                rows = []
        if rows:
            yield len(rows), _columns_of_objects(rows, self._keys)

    def _values(self) -> Iterator[Any]:
        self._source.seek(0)
        while line := self._source.readline(MAX_LINE_CHARS):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                # The last line of a file that is still written is often half a line.
                self.notes["bad_lines"] = self.notes.get("bad_lines", 0) + 1


class LoggedRows(JsonValues):
    """Rows that a run logged one by one; what is no object is left out."""

    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__()
        self._rows = [row for row in rows if isinstance(row, dict)]
        self._keys = _keys_of(self._rows)[:MAX_COLUMNS]
        self.names = self._limit_names(_keys_of(self._rows))
        if not self.names:
            raise UnreadableTable(TableFault.EMPTY)

    def chunks(self) -> Iterator[tuple[int, Sequence[Sequence[Any]]]]:
        size = self._chunk_rows()
        for start in range(0, len(self._rows), size):
            rows = self._rows[start : start + size]
            yield len(rows), _columns_of_objects(rows, self._keys)


def _keys_of(rows: Sequence[Any]) -> list[Any]:
    found = dict.fromkeys(
        key for row in rows for key in (row if isinstance(row, dict) else ("value",))
    )
    return list(found)


def _columns_of_objects(rows: Sequence[Any], keys: Sequence[Any]) -> Rows:
    objects = [row if isinstance(row, dict) else {"value": row} for row in rows]
    return [[row.get(key) for row in objects] for key in keys]


def _columns_of_lists(rows: Sequence[Any], width: int) -> Rows:
    lists = [row if isinstance(row, list) else [row] for row in rows]
    return [
        [row[at] if at < len(row) else None for row in lists] for at in range(width)
    ]


def _joined_name(name: Any) -> Any:
    """Columns of several levels in pandas have lists as names."""
    return " / ".join(map(str, name)) if isinstance(name, list) else name
