"""Arrays in figures of Plotly: lists, or numbers packed as base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

MAX_VALUES = 1_500_000
_ALLOWED_DTYPES = frozenset("i1 u1 i2 u2 i4 u4 f4 f8".split())


def plain_values(value: object) -> list[Any]:
    """Return the values of an array: a list, or Plotly's packed form."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and is_packed(value):
        unpacked = unpack(value)
        return unpacked if isinstance(unpacked, list) else []
    return []


def is_packed(value: Mapping[str, Any]) -> bool:
    return {"dtype", "bdata"} <= value.keys()


def unpack(value: Mapping[str, Any]) -> list[Any] | None:
    """Unpack `{"dtype": "f8", "bdata": "…", "shape": "2, 3"}`."""
    dtype, packed = str(value.get("dtype")), value.get("bdata")
    if dtype not in _ALLOWED_DTYPES or not isinstance(packed, str):
        return None
    if len(packed) > 8 * MAX_VALUES * 4 // 3:
        return None
    try:
        data = base64.b64decode(packed, validate=True)
        numbers = np.frombuffer(data, f"<{dtype}")
        sides = [int(n) for n in str(value.get("shape") or "").split(",") if n.strip()]
        array = numbers.reshape(sides) if sides else numbers
    except (binascii.Error, ValueError, OverflowError):
        return None
    # JSON has no NaN; Plotly leaves gaps for nothing.
    found = array.astype(object)
    found[~np.isfinite(array)] = None
    values: list[Any] = found.tolist()
    return values
