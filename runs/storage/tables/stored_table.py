"""A parsed table: one file with the arrays of all columns, and a description of them.

The arrays are mapped into memory, so opening a table of any size reads next to nothing.
A column of numbers has `values` and, if some are missing, `missing`. Many fractions
have `ranks`, their places among all: whole numbers are sorted several times faster. A
column of texts has `codes`, which number the distinct texts in `data` in their order;
-1 is missing. If all are dates, `dates` and `ranks` have those of the distinct texts.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from runs.storage.tables.cell_values import NumberCells, TextCells
from runs.storage.tables.column_summary import (
    summarize_dates,
    summarize_numbers,
    summarize_texts,
)
from runs.storage.tables.columns import Cells
from runs.storage.tables.dates import find_dates
from runs.storage.tables.text_order import find_distinct

#: Part of the name of a stored table, so that a new layout parses the files again.
LAYOUT = 3
_ALIGNMENT = 64
#: Fewer fractions are sorted as they are.
MIN_RANKED_ROWS = 50_000


@dataclass(frozen=True)
class TableColumn:
    """A column: `kind` is "number", "text" or "date".

    `summary` has the counts of its head, `arrays` where its arrays are stored.
    """

    name: str
    kind: str
    summary: Mapping[str, Any]
    arrays: Mapping[str, Sequence[Any]] = field(repr=False)

    @property
    def has_numbers(self) -> bool:
        return self.kind == "number"

    @property
    def has_dates(self) -> bool:
        return self.kind == "date"

    @property
    def missing_count(self) -> int:
        count: int = self.summary["missing"]
        return count


@dataclass(frozen=True)
class StoredTable:
    """The columns, the number of rows, and what was left out or repaired (`notes`)."""

    rows: int
    columns: Sequence[TableColumn]
    notes: Mapping[str, int]
    content: mmap.mmap | bytes = field(repr=False)

    def find(self, name: str) -> TableColumn | None:
        return self._by_name.get(name)

    #: Differs between all tables that this process opened.
    identity: int = field(default_factory=count().__next__, compare=False)

    def __post_init__(self) -> None:
        names = {column.name: column for column in self.columns}
        object.__setattr__(self, "_by_name", names)

    _by_name: dict[str, TableColumn] = field(init=False, repr=False, compare=False)

    def array(self, column: TableColumn, part: str) -> NDArray[Any]:
        offset, count, kind = column.arrays[part]
        return np.frombuffer(self.content, kind, count, offset)

    def numbers(self, column: TableColumn) -> NDArray[Any]:
        return self.array(column, "values")

    def codes(self, column: TableColumn) -> NDArray[np.int32]:
        return self.array(column, "codes")

    def dates(self, column: TableColumn) -> NDArray[np.int64]:
        """Return the date of each row in microseconds; of a missing one it is any."""
        found: NDArray[np.int64] = self.array(column, "dates")[self.codes(column)]
        return found

    def sort_keys(self, column: TableColumn) -> NDArray[Any]:
        """Return what the rows are sorted by: whole numbers where there are some."""
        if column.has_numbers:
            part = "ranks" if "ranks" in column.arrays else "values"
            return self.array(column, part)
        codes = self.codes(column)
        return self.array(column, "ranks")[codes] if column.has_dates else codes

    def missing(self, column: TableColumn) -> NDArray[np.bool_]:
        """Return which rows have no value."""
        if not column.missing_count:
            return np.zeros(self.rows, bool)
        if column.has_numbers:
            return self.array(column, "missing")
        return self.codes(column) < 0

    def text_of_code(
        self, column: TableColumn, code: int, max_bytes: int | None = None
    ) -> bytes:
        """Return a distinct text, or its first bytes."""
        ends, offset = self.array(column, "ends"), column.arrays["data"][0]
        start, end = (int(ends[code - 1]) if code else 0), int(ends[code])
        if max_bytes is not None:
            end = min(end, start + max_bytes)
        return bytes(self.content[offset + start : offset + end])


class TableWriter:
    """Writes the arrays of one column after the other."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._at = 0
        self._columns: list[dict[str, Any]] = []

    def add(self, name: str, cells: Cells) -> None:
        if isinstance(cells, NumberCells):
            summary = summarize_numbers(cells)
            arrays = {"values": self._write(cells.values)}
            if summary["missing"]:
                arrays["missing"] = self._write(cells.missing)
            is_fraction = cells.values.dtype.kind == "f" and not summary["nonfinite"]
            if is_fraction and len(cells.values) >= MIN_RANKED_ROWS:
                arrays["ranks"] = self._write(_ranks(cells.values))
            self._add(name, "number", summary, arrays)
        else:
            self._add_texts(name, cells)

    def _add_texts(self, name: str, cells: TextCells) -> None:
        texts = find_distinct(cells.data, cells.lengths, cells.missing)
        arrays = {
            "codes": self._write(texts.codes),
            "ends": self._write(texts.ends),
            "data": self._write(texts.data),
        }
        summary, dates = summarize_texts(texts), find_dates(texts)
        if dates is None:
            self._add(name, "text", summary, arrays)
            return
        arrays["dates"] = self._write(dates.values)
        arrays["ranks"] = self._write(dates.ranks)
        summary |= summarize_dates(dates.values, texts.codes)
        self._add(name, "date", summary, arrays)

    def _add(
        self, name: str, kind: str, summary: dict[str, Any], arrays: dict[str, Any]
    ) -> None:
        self._columns.append(
            {"name": name, "kind": kind, "summary": summary, "arrays": arrays}
        )

    def _write(self, values: NDArray[Any]) -> list[Any]:
        gap = -self._at % _ALIGNMENT
        self._output.write(bytes(gap))
        self._output.write(np.ascontiguousarray(values).data)
        place = [self._at + gap, len(values), values.dtype.str]
        self._at += gap + values.nbytes
        return place

    def description(self, rows: int, notes: Mapping[str, int]) -> dict[str, Any]:
        # An empty file cannot be mapped.
        self._output.write(bytes(1))
        return {"rows": rows, "notes": dict(notes), "columns": self._columns}


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return for each number how many different ones are smaller."""
    order = np.argsort(values)
    ordered = values[order]
    is_new = np.ones(len(ordered), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    ranks = np.empty(len(values), np.int32)
    ranks[order] = np.cumsum(is_new, dtype=np.int32)
    return ranks


def table_from(
    description: Mapping[str, Any], content: mmap.mmap | bytes
) -> StoredTable:
    """Open a table by what `TableWriter.description` returned and the bytes written."""
    columns = [TableColumn(**column) for column in description["columns"]]
    return StoredTable(description["rows"], columns, description["notes"], content)
