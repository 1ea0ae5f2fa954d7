"""Points of metrics as Parquet: run, metric, step, time, value, text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runs.render.formats import utf8_text
from runs.render.run_list.parquet import require_pyarrow

#: Points of a row group, about.
ROWS_PER_GROUP = 250_000


class MetricHistoryFile:
    """Writes points to a file; whole only when it is closed.

    A value that is no number stands in `text`, as JSON where it is no text either.
    """

    def __init__(self, path: Path) -> None:
        require_pyarrow()
        # Optional and slow to import, so only an export loads it.
        import pyarrow as pa
        from pyarrow import parquet

        self._arrow = pa
        # Millions of rows share a few names, which a dictionary stores once.
        name = pa.dictionary(pa.int32(), pa.string())
        self.schema = pa.schema(
            [
                pa.field("run_id", name),
                pa.field("metric", name),
                pa.field("step", pa.int64()),
                pa.field("time", pa.timestamp("ms", tz="UTC")),
                pa.field("value", pa.float64()),
                pa.field("text", pa.string()),
            ]
        )
        self._writer = parquet.ParquetWriter(path, self.schema, compression="zstd")
        self._waiting: list[Any] = []
        self._count = 0

    def add_points(self, run_id: str, key: str, points: Any) -> int:
        """Returns how many points there were."""
        pa, count = self._arrow, len(points.steps)
        numbers, texts = _value_columns(points)
        columns = [
            self._repeated_text(run_id, count),
            self._repeated_text(key, count),
            pa.array(points.steps, pa.int64()),
            pa.array(points.times, pa.int64()).cast(self.schema.field("time").type),
            pa.array(numbers, pa.float64()),
            pa.array(texts, pa.string()),
        ]
        self._waiting.append(pa.record_batch(columns, schema=self.schema))
        self._count += count
        if self._count >= ROWS_PER_GROUP:
            self._write_row_group()
        return count

    def _repeated_text(self, name: str, count: int) -> Any:
        pa = self._arrow
        places = np.zeros(count, np.int32)
        return pa.DictionaryArray.from_arrays(places, pa.array([name]))

    def _write_row_group(self) -> None:
        if self._waiting:
            table = self._arrow.Table.from_batches(self._waiting, self.schema)
            # Each batch has a dictionary of its own, and a row group needs a common
            # one.
            self._writer.write_table(table.unify_dictionaries())
        self._waiting, self._count = [], 0

    def close(self) -> None:
        self._write_row_group()
        self._writer.close()


def _value_columns(points: Any) -> tuple[Any, Sequence[str | None]]:
    if points.is_numeric:
        return points.values, [None] * len(points.values)
    numbers: list[float | None] = []
    texts: list[str | None] = []
    for value in points.values.tolist():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        # Integers can have any size, and those above 2**1024 overflow as floats.
        is_exact = is_number and abs(value) < 2**1000 if is_number else False
        numbers.append(float(value) if is_exact or _is_nonfinite(value) else None)
        texts.append(None if is_exact or _is_nonfinite(value) else _value_text(value))
    return numbers, texts


def _is_nonfinite(value: Any) -> bool:
    """NaN and infinities are numbers too."""
    return isinstance(value, float)


def _value_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return utf8_text(text)
