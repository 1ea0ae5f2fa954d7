"""The format of a metric chunk's bytes.

f8    steps as little-endian int64, then times as int64, then values as float64
n8    the same, then a byte per point: 1 for a logged integer
json  {"steps": [...], "times": [...], "values": [...], "special": {"3": "NaN"}};
      floats that JSON lacks are null, with their name in `special`
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from runs.models import MetricChunk
from runs.storage.metrics.points import PointNote, Points, Value, object_array

F8 = "f8"
N8 = "n8"
JSON = "json"


def choose_encoding(points: Points) -> str:
    if not points.is_numeric:
        return JSON
    return N8 if points.integers.any() else F8


def pack(points: Points) -> bytes:
    """The bytes of a chunk, in the encoding that `choose_encoding` names."""
    if not points.is_numeric:
        return _pack_json(points)
    # The same bytes on every machine, so that a database can be moved.
    parts = [
        points.steps.astype("<i8").tobytes(),
        points.times.astype("<i8").tobytes(),
        points.values.astype("<f8").tobytes(),
    ]
    if points.integers.any():
        parts.append(points.integers.astype(np.uint8).tobytes())
    return b"".join(parts)


def unpack_row(row: MetricChunk) -> Points:
    return unpack(row.encoding, bytes(row.data), row.count, row.notes)


def unpack(
    encoding: str, data: bytes, count: int, notes: list[tuple[int, PointNote]] | None
) -> Points:
    """The points of a chunk."""
    sparse = dict(notes or ())
    if encoding == JSON:
        return _unpack_json(data, sparse)
    size = 8 * count
    integers = np.zeros(count, np.bool_)
    if encoding == N8:
        integers = np.frombuffer(data, np.uint8, count, 3 * size).astype(np.bool_)
    return Points(
        _decode_column(data, "<i8", count, 0),
        _decode_column(data, "<i8", count, size),
        _decode_column(data, "<f8", count, 2 * size),
        integers,
        sparse,
    )


def _decode_column(data: bytes, kind: str, count: int, offset: int) -> NDArray[Any]:
    return np.frombuffer(data, kind, count, offset)


def _pack_json(points: Points) -> bytes:
    values = points.python_values()
    special = {
        str(index): _float_name(value)
        for index, value in enumerate(values)
        if isinstance(value, float) and not math.isfinite(value)
    }
    return msgspec.json.encode(
        {
            "steps": points.steps.tolist(),
            "times": points.times.tolist(),
            "values": values,
            "special": special,
        }
    )


def _unpack_json(data: bytes, notes: dict[int, PointNote]) -> Points:
    content = msgspec.json.decode(data)
    values: list[Value] = content["values"]
    for index, name in content["special"].items():
        values[int(index)] = float(name)
    return Points(
        np.array(content["steps"], np.int64),
        np.array(content["times"], np.int64),
        object_array(values),
        np.zeros(len(values), np.bool_),
        notes,
    )


def _float_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
