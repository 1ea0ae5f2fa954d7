"""Reads CSV and TSV files as they are found: with other separators, encodings, unequal
rows, and quotes that are not closed."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import BinaryIO

from runs.storage.tables.cell_values import numbers_of_texts
from runs.storage.tables.columns import ColumnCells
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.limits import CHUNK_CELLS, MAX_COLUMNS, MAX_LINE_CHARS
from runs.storage.tables.table_reader import ReadAgain

csv.field_size_limit(MAX_LINE_CHARS)

_SNIFFED_BYTES = 64 * 1024
_SNIFFED_LINES = 20
_READ_BYTES = 256 * 1024
_DELIMITERS = ",;\t|"
#: A cell with more lines than this began with a quote that was never closed.
_MAX_CELL_LINES = 2_000


class DelimitedText:
    """The rows of a text file; `delimiter` is found if it is empty."""

    def __init__(self, source: BinaryIO, delimiter: str = "") -> None:
        self._source = source
        self.notes: dict[str, int] = {}
        head = source.read(_SNIFFED_BYTES)
        self._encoding = _encoding_of(head)
        text = head.decode(self._encoding, "replace")
        if not text.strip():
            raise UnreadableTable(TableFault.EMPTY)
        self._delimiter = delimiter or _find_delimiter(text)
        self._has_quotes = True
        self._recent_lines: deque[str] = deque(maxlen=_MAX_CELL_LINES + 1)
        self._read_head()

    def _read_head(self) -> None:
        first, *others = islice(self._rows(), 2)
        # The names of columns can be numbers that count them: pandas writes 0, 1, 2.
        counting = [str(at) for at in range(len(first))]
        self._has_head = (
            not others or first == counting or numbers_of_texts(first) is None
        )
        names = first if self._has_head else [""] * len(first)
        self.names: Sequence[str] = names[:MAX_COLUMNS]
        self.notes = {}
        if len(names) > MAX_COLUMNS:
            self.notes["columns"] = len(names) - MAX_COLUMNS

    def chunks(self) -> Iterator[tuple[int, Sequence[Sequence[str]]]]:
        width = len(self.names)
        size = max(1, CHUNK_CELLS // max(1, width))
        rows = islice(self._rows(), 1 if self._has_head else 0, None)
        last: list[str] = []
        while chunk := self._next_rows(rows, size):
            last = chunk[-1]
            yield len(chunk), self._columns(chunk, width)
        if self._has_quotes and self._ends_in_quotes(last):
            self._read_without_quotes()

    def add_cells(self, column: ColumnCells, cells: Sequence[str]) -> None:
        column.add_file_texts(cells)

    def _next_rows(self, rows: Iterator[list[str]], size: int) -> list[list[str]]:
        lines_before = self._reader.line_num
        try:
            chunk = list(islice(rows, size))
        except csv.Error as error:
            if not self._has_quotes:
                raise UnreadableTable(TableFault.CORRUPT, str(error)) from error
            self._read_without_quotes()
        lines = self._reader.line_num - lines_before
        is_long = lines > len(chunk) + _MAX_CELL_LINES
        if self._has_quotes and is_long and any(map(_has_long_cell, chunk)):
            self._read_without_quotes()
        if all(chunk):
            return chunk
        # An empty line is no row.
        return [row for row in chunk if row] or [[""]]

    def _columns(self, rows: list[list[str]], width: int) -> Sequence[Sequence[str]]:
        lengths = set(map(len, rows))
        if lengths == {width}:
            return list(zip(*rows, strict=True))
        for name, count in (
            ("short_rows", sum(len(row) < width for row in rows)),
            ("long_rows", sum(len(row) > width for row in rows)),
        ):
            if count and not ("columns" in self.notes and name == "long_rows"):
                self.notes[name] = self.notes.get(name, 0) + count
        columns = list(zip_longest(*(row[:width] for row in rows), fillvalue=""))
        return columns + [("",) * len(rows)] * (width - len(columns))

    def _ends_in_quotes(self, last: Sequence[str]) -> bool:
        """Whether the last row reached the end of the file within quotes."""
        lines = sum(cell.count("\n") for cell in last)
        if not lines and not (last and last[-1].endswith("\n")):
            return False
        raw = list(self._recent_lines)[-lines - 1 :]
        try:
            list(csv.reader(raw, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            return "unexpected end" in str(error)
        return False

    def _read_without_quotes(self) -> None:
        self._has_quotes = False
        self._read_head()
        self.notes["quotes"] = 1
        raise ReadAgain

    def _rows(self) -> Iterator[list[str]]:
        self._source.seek(0)
        self._recent_lines.clear()
        self._reader = csv.reader(
            self._lines(),
            delimiter=self._delimiter,
            quoting=csv.QUOTE_MINIMAL if self._has_quotes else csv.QUOTE_NONE,
        )
        return self._reader

    def _lines(self) -> Iterator[str]:
        """Yield lines with their ends; all kinds of line ends become the same."""
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(self._encoding)("replace"), translate=True
        )
        started: list[str] = []
        while block := self._source.read(_READ_BYTES):
            first, *lines = decoder.decode(block).split("\n")
            started.append(first)
            if not lines:
                if sum(map(len, started)) > MAX_LINE_CHARS:
                    raise UnreadableTable(TableFault.TOO_LARGE)
                continue
            whole = [f"{line}\n" for line in ("".join(started), *lines[:-1])]
            started = [lines[-1]]
            self._recent_lines.extend(whole)
            yield from whole
        if last := "".join(started) + decoder.decode(b"", final=True):
            self._recent_lines.append(last)
            yield last


def _has_long_cell(row: Sequence[str]) -> bool:
    # The longest cell of a row is compared only if there is one of that length.
    longest = max(row, key=len, default="")
    return len(longest) > _MAX_CELL_LINES and longest.count("\n") > _MAX_CELL_LINES


def _encoding_of(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    # Without a mark: text of Latin letters as UTF-16 has a zero in every second byte.
    if head[1:200:2].count(0) > 0.9 * len(head[1:200:2]) > 2:
        return "utf-16-le"
    return "utf-8"


def _find_delimiter(text: str) -> str:
    """Return what separates the same number of cells in most lines; else a comma."""
    lines = [line for line in text.split("\n") if line.strip()][:_SNIFFED_LINES]

    def fit(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines]
        usual = max(set(counts), key=lambda count: (counts.count(count), count))
        return (counts.count(usual) if usual else 0), usual

    return max(_DELIMITERS, key=fit)
