"""The rows of an export as Parquet: one row group per fixed number of rows.

Times are timestamps in UTC, durations seconds, tags a map. A metric is a number; where
its last value is none, the text stands in a column of its own, `<name> (text)`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from runs.render.formats import utf8_text
from runs.render.run_list.csv_and_json import ExportChunk
from runs.render.run_list.sheets import (
    DURATION_COLUMN,
    NUMBER_COLUMN,
    TIME_COLUMN,
    SheetColumn,
)
from studio.core.errors import NotSupported

#: Rows of a group: what is in memory at once.
ROWS_PER_GROUP = 16_384
INTEGER_COLUMN, BOOLEAN_COLUMN, MAP_COLUMN = "whole", "truth", "map"
_TEXT_OF = "{} (text)"


def require_pyarrow() -> None:
    """Raise NotSupported where the server lacks the library that writes Parquet."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise NotSupported(
            _(
                "Parquet exports need pyarrow, which is not installed on this server. "
                "Ask its operator to run pip install pyarrow, or export CSV or JSON."
            )
        ) from error


def parquet_parts(
    columns: Sequence[SheetColumn], chunks: Iterable[ExportChunk]
) -> Iterator[bytes]:
    """The bytes of one Parquet file, as they are made."""
    # Slow to import, and only an export needs it.
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(list(_parquet_fields(columns)))
    sink = _ParquetBuffer()
    writer = parquet.ParquetWriter(sink, schema, compression="zstd")
    yield sink.take_written()
    for group in _row_groups(chunks, len(columns)):
        arrays = [
            pa.array(values, type=field.type)
            for field, values in zip(
                schema, _column_arrays(columns, group), strict=True
            )
        ]
        writer.write_batch(pa.record_batch(arrays, schema=schema))
        yield sink.take_written()
    writer.close()
    yield sink.take_written()


class _ParquetBuffer(io.RawIOBase):
    """Holds what was written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    # The writer stores positions of row groups in the file's foot.
    def tell(self) -> int:
        return self._written

    def take_written(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _row_groups(chunks: Iterable[ExportChunk], width: int) -> Iterator[list[list[Any]]]:
    group: list[list[Any]] = [[] for _ in range(width)]
    for chunk in chunks:
        for values, more in zip(group, chunk, strict=True):
            values.extend(more)
        if len(group[0]) >= ROWS_PER_GROUP:
            yield group
            group = [[] for _ in range(width)]
    if group[0]:
        yield group


def _parquet_fields(columns: Sequence[SheetColumn]) -> Iterator[Any]:
    import pyarrow as pa

    kinds = {
        NUMBER_COLUMN: pa.float64(),
        DURATION_COLUMN: pa.float64(),
        TIME_COLUMN: pa.timestamp("ms", tz="UTC"),
        INTEGER_COLUMN: pa.int64(),
        BOOLEAN_COLUMN: pa.bool_(),
        MAP_COLUMN: pa.map_(pa.string(), pa.string()),
    }
    for column in columns:
        yield pa.field(column.name, kinds.get(column.kind, pa.string()))
        if column.kind == NUMBER_COLUMN:
            # A Parquet column has one type, but a metric can hold text in some runs.
            yield pa.field(_TEXT_OF.format(column.name), pa.string())


def _column_arrays(
    columns: Sequence[SheetColumn], group: ExportChunk
) -> Iterator[list[Any]]:
    for column, values in zip(columns, group, strict=True):
        if column.kind == NUMBER_COLUMN:
            yield [v if _is_number(v) else None for v in values]
            yield [
                None if v is None or _is_number(v) else _utf8_text(v) for v in values
            ]
        elif column.kind == DURATION_COLUMN:
            # Seconds, as in CSV.
            yield [None if v is None else v / 1000 for v in values]
        elif column.kind == MAP_COLUMN:
            yield [None if v is None else list(v.items()) for v in values]
        elif column.kind in (TIME_COLUMN, INTEGER_COLUMN, BOOLEAN_COLUMN):
            yield list(values)
        else:
            yield [None if v is None else _utf8_text(v) for v in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _utf8_text(value: Any) -> str:
    # Arrow refuses anything else.
    return utf8_text(str(value))
