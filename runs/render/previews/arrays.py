"""NumPy arrays: header, statistics, and small arrays as table or picture.

Arrays of Python objects are pickles: only their header is read.
"""

from __future__ import annotations

import io
import struct
import tokenize
import zlib
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from django.utils.translation import pgettext

from runs.render.previews.content import ByteSource, FactTable, InvalidContent

MAX_HEADER_BYTES = 64 * 1024
#: Statistics are of the first values, and pictures of at most this many pixels a side.
MAX_STATISTICS_BYTES = 32 << 20
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 50, 30
MAX_PICTURE_SIDE = 512
#: NumPy reads the header as the text of a Python dict.
_HEADER_ERRORS = (
    ValueError,
    TypeError,
    SyntaxError,
    RecursionError,
    MemoryError,
    OverflowError,
    tokenize.TokenError,
)


@dataclass(frozen=True)
class ArrayHeader:
    """`start` is the position of the first value."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool
    start: int

    @property
    def count(self) -> int:
        return prod(self.shape)

    @property
    def is_plain(self) -> bool:
        """Whether the values are numbers or truth values."""
        return self.dtype.kind in "biufc" and not self.dtype.hasobject


@dataclass(frozen=True)
class ArrayStatistics:
    """Of the first `count` values that are finite; `missing` counts the others."""

    minimum: float
    maximum: float
    mean: float
    deviation: float
    count: int
    missing: int


def read_array_header(source: ByteSource) -> ArrayHeader:
    """Read the header of a .npy file. Raises InvalidContent."""
    head = io.BytesIO(source.read_at(0, MAX_HEADER_BYTES))
    try:
        version = np.lib.format.read_magic(head)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(head)
    except _HEADER_ERRORS as error:
        raise InvalidContent from error
    if any(side < 0 for side in shape) or len(shape) > 64:
        raise InvalidContent
    return ArrayHeader(dtype, shape, fortran, head.tell())


def array_statistics(source: ByteSource, header: ArrayHeader) -> ArrayStatistics | None:
    """Compute statistics of the first values; None if they are not real numbers."""
    if not header.is_plain or header.dtype.kind == "c":
        return None
    values = _first_values(source, header, MAX_STATISTICS_BYTES).astype(np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    return ArrayStatistics(
        float(finite.min()),
        float(finite.max()),
        float(finite.mean()),
        float(finite.std()),
        int(values.size),
        int(values.size - finite.size),
    )


def _first_values(source: ByteSource, header: ArrayHeader, most: int) -> np.ndarray:
    width = header.dtype.itemsize
    wanted = min(header.count * width, most - most % width)
    data = source.read_at(header.start, wanted)
    return np.frombuffer(data[: len(data) - len(data) % width], header.dtype)


def array_table(source: ByteSource, header: ArrayHeader) -> FactTable | None:
    """Return the corner of an array with one or two dimensions."""
    if not header.is_plain or len(header.shape) not in (1, 2) or not header.count:
        return None
    rows, columns = (*header.shape, 1)[:2]
    array = _whole_array(source, header)
    if array is None:
        return None
    corner = array.reshape(rows, columns)[:MAX_TABLE_ROWS, :MAX_TABLE_COLUMNS]
    return FactTable(
        "",
        [pgettext("of an array", "Row"), *map(str, range(corner.shape[1]))],
        [[str(n), *(_number(v) for v in row)] for n, row in enumerate(corner)],
        rows if columns <= MAX_TABLE_COLUMNS else rows + 1,
    )


def _number(value: Any) -> str:
    return f"{value:.6g}" if value.dtype.kind in "fc" else str(value)


def _whole_array(source: ByteSource, header: ArrayHeader) -> np.ndarray | None:
    """Return a small array; None if it is large or its bytes end too early."""
    size = header.count * header.dtype.itemsize
    if not size or size > MAX_STATISTICS_BYTES or size > source.size - header.start:
        return None
    values = _first_values(source, header, size)
    # The file can end earlier than it did when its size was recorded.
    if values.size < header.count:
        return None
    if header.is_fortran:
        return values.reshape(header.shape[::-1]).T
    return values.reshape(header.shape)


def is_picture(header: ArrayHeader) -> bool:
    """Whether the array can be shown as a picture: gray, RGB or RGBA."""
    shape = header.shape
    has_sides = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
    small = header.count * header.dtype.itemsize <= MAX_STATISTICS_BYTES
    return (
        has_sides
        and header.is_plain
        and header.dtype.kind != "c"
        and small
        and min(shape[:2]) >= 2
    )


def array_picture(source: ByteSource, header: ArrayHeader) -> bytes:
    """Return a PNG, from the lowest value (black) to the highest (white).

    Raises InvalidContent if the array is no picture.
    """
    array = _whole_array(source, header) if is_picture(header) else None
    if array is None:
        raise InvalidContent
    step = -(-max(array.shape[:2]) // MAX_PICTURE_SIDE)
    small = array[::step, ::step]
    if small.ndim == 3 and small.shape[2] == 1:
        small = small[:, :, 0]
    if small.dtype != np.uint8:
        numbers = np.nan_to_num(small.astype(np.float64), posinf=0, neginf=0)
        low, high = numbers.min(), numbers.max()
        # Colors are between 0 and 1 by convention.
        if small.ndim == 3 and low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        span = high - low
        scaled = (numbers - low) / span if np.isfinite(span) and span else numbers * 0
        small = (scaled * 255).astype(np.uint8)
    return encode_png(small)


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode bytes of shape (height, width) or (height, width, 3 or 4)."""
    height, width = pixels.shape[:2]
    color = {1: 0, 3: 2, 4: 6}[1 if pixels.ndim == 2 else pixels.shape[2]]
    lines = pixels.reshape(height, -1)
    # Each line begins with the number of its filter: none.
    filtered = np.hstack([np.zeros((height, 1), np.uint8), lines]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _png_chunk(b"IHDR", header),
            _png_chunk(b"IDAT", zlib.compress(filtered, 6)),
            _png_chunk(b"IEND", b""),
        )
    )


def _png_chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)
