"""Reads Parquet and Arrow (Feather) files with arro3, whose readers are in Rust.

A damaged file makes it raise almost anything, so these files are read in a process of
their own (`build_process`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from runs.storage.tables.cell_values import NumberCells
from runs.storage.tables.columns import ColumnCells
from runs.storage.tables.faults import TableFault, UnreadableTable
from runs.storage.tables.limits import CHUNK_CELLS, MAX_COLUMNS

if TYPE_CHECKING:
    from arro3.core import Array, DataType, RecordBatchReader

#: Lists in cells can be long: of such files a few rows are read at once.
_NESTED_ROWS = 500
_SHOWN_BYTES = 32


class ArrowFile:
    """The rows of a file with typed columns. Raises UnreadableTable."""

    def __init__(self, source: BinaryIO, *, is_parquet: bool) -> None:
        try:
            import arro3.io as arrow_io
        except ImportError as error:
            raise UnreadableTable(TableFault.PACKAGE) from error
        self._io = arrow_io
        self._source = source
        self._is_parquet = is_parquet
        self.notes: dict[str, int] = {}
        with _faults_of_file():
            schema = self._open(1).schema
            fields = [schema.field(at) for at in range(len(schema))]
        if not fields:
            raise UnreadableTable(TableFault.NO_TABLE)
        if len(fields) > MAX_COLUMNS:
            self.notes["columns"] = len(fields) - MAX_COLUMNS
        self.names: Sequence[str] = [field.name for field in fields[:MAX_COLUMNS]]
        is_nested = any(_can_be_long(field.type) for field in fields)
        rows = max(1, CHUNK_CELLS // len(fields))
        self._rows = min(rows, _NESTED_ROWS) if is_nested else rows

    def _open(self, rows: int) -> RecordBatchReader:
        self._source.seek(0)
        if self._is_parquet:
            return self._io.read_parquet(self._source, batch_size=rows)
        return self._io.read_ipc(self._source)

    def chunks(self) -> Iterator[tuple[int, Sequence[Any]]]:
        with _faults_of_file():
            for batch in self._open(self._rows):
                # Arrow files have batches of any size.
                for start in range(0, batch.num_rows, self._rows):
                    part = batch.slice(start, min(self._rows, batch.num_rows - start))
                    cells = [part.column(at) for at in range(len(self.names))]
                    yield part.num_rows, cells

    def add_cells(self, column: ColumnCells, cells: Array) -> None:
        kind = cells.type
        with _faults_of_file():
            if _is_number(kind) and not cells.null_count:
                values = cells.to_numpy()
                missing = np.zeros(len(values), bool)
                column.add_numbers(NumberCells(_storable(values), missing))
            elif _is_number(kind):
                column.add_numbers(_numbers_with_gaps(list(cells.to_pylist())))
            else:
                column.add_values([_plain(value) for value in cells.to_pylist()])


@contextmanager
def _faults_of_file() -> Iterator[None]:
    try:
        yield
    except (UnreadableTable, MemoryError, GeneratorExit, KeyboardInterrupt):
        raise
    # A panic in Rust is no Exception, and has no class that can be imported.
    except BaseException as error:
        reason = str(error)[:200]
        # How arro3 reports that Python had no memory for a value.
        is_full = "pointer is null" in reason or "alloc" in reason
        fault = TableFault.LIMITS if is_full else TableFault.CORRUPT
        raise UnreadableTable(fault, reason) from error


def _is_number(kind: DataType) -> bool:
    of_type = type(kind)
    return _is_one_of(kind, (of_type.is_integer, of_type.is_floating))


def _can_be_long(kind: DataType) -> bool:
    of_type = type(kind)
    long_kinds = (of_type.is_nested, of_type.is_binary, of_type.is_large_binary)
    return _is_one_of(kind, long_kinds)


def _is_one_of(kind: DataType, checks: Sequence[Callable[[DataType], bool]]) -> bool:
    return any(check(kind) for check in checks)


def _storable(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if values.dtype.kind == "u" and values.itemsize == 8:
        largest = np.iinfo(np.int64).max
        is_small = not len(values) or values.max() <= largest
        return values.astype(np.int64 if is_small else np.float64)
    return values.astype(np.float64 if values.dtype.kind == "f" else np.int64)


def _numbers_with_gaps(values: Sequence[int | float | None]) -> NumberCells:
    missing = np.fromiter((value is None for value in values), bool, len(values))
    filled = np.array([0 if value is None else value for value in values])
    return NumberCells(_storable(filled), missing)


def _plain(value: Any) -> Any:
    """Return what JSON can have as it is, else a text."""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return _text_of_bytes(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        value if value is None or isinstance(value, str | list | dict) else str(value)
    )


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        cut = "…" if len(value) > _SHOWN_BYTES else ""
        return f"0x{value[:_SHOWN_BYTES].hex()}{cut}"
