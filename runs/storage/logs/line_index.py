"""The line index of a log: how many lines end before each block of 64 KB.

Record `i` is one more than the number of line ends in the first `i + 1` blocks. So
the record of a block depends on the bytes alone: two processes that write it write the
same, and a record that a crash left as zeros is recognized. Only full blocks have one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.storage.files import files
from studio.core.errors import MissingBytes

BLOCK_BYTES = 64 * 1024
#: Records are saved after this many new ones, so that a stopped reader keeps its work.
SAVED_BLOCKS = 1024
#: An append reads at most this many blocks again; readers do the rest.
MAX_APPEND_BLOCKS = 256
#: The lines of a smaller upload are counted when it is opened: that takes few ms.
MIN_UPLOAD_BYTES = 256 * BLOCK_BYTES
_MAGIC = b"LINES1"
_RECORD_BYTES = 8
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LINE_ENDS: dict[str, tuple[np.dtype[Any], bytes]] = {
    "utf-8": (np.dtype("u1"), b"\n"),
    "utf-16-le": (np.dtype("<u2"), b"\n\0"),
    "utf-16-be": (np.dtype(">u2"), b"\0\n"),
}
Records = NDArray[np.uint64]


def find_encoding(start: bytes) -> str:
    """Return the encoding that the first bytes of a text name; by default UTF-8."""
    return _BYTE_ORDER_MARKS.get(start[:2], "utf-8")


def line_end_of(encoding: str) -> bytes:
    return _LINE_ENDS[encoding][1]


def find_line_ends(data: bytes, encoding: str) -> NDArray[np.int64]:
    """Return the offset of the byte after each line end of `data`."""
    unit = _LINE_ENDS[encoding][0]
    found: NDArray[np.int64] = np.flatnonzero(_is_line_end(data, encoding))
    return (found + 1) * unit.itemsize


def count_line_ends(data: bytes, encoding: str) -> int:
    return int(np.count_nonzero(_is_line_end(data, encoding)))


def _is_line_end(data: bytes, encoding: str) -> NDArray[np.bool_]:
    unit = _LINE_ENDS[encoding][0]
    # Half a UTF-16 unit at the end of a growing file is no line end.
    units = np.frombuffer(data, unit, len(data) // unit.itemsize)
    found: NDArray[np.bool_] = units == ord("\n")
    return found


def load_records(blob: str, encoding: str) -> Records:
    """Read the saved records; none if the file is missing, damaged or partly zeros."""
    empty = np.zeros(0, np.uint64)
    try:
        data = files.derived_path(blob, "lines").read_bytes()
    except OSError:
        return empty
    head = _header(encoding)
    if not data.startswith(head):
        return empty
    count = (len(data) - len(head)) // _RECORD_BYTES
    records = np.frombuffer(data, "<u8", count, len(head)).astype(np.uint64)
    return records if _is_plausible(records) else empty


def _is_plausible(records: Records) -> bool:
    if not len(records):
        return True
    steps = np.diff(records.astype(np.int64), prepend=1)
    return bool(records[0] >= 1 and steps.min() >= 0 and steps.max() <= BLOCK_BYTES)


def add_records(
    handle: int, blob: str, encoding: str, records: Records, size: int
) -> Records:
    """Count and save the lines of all full blocks in the first `size` bytes."""
    missing = range(len(records), size // BLOCK_BYTES)
    total = int(records[-1]) if len(records) else 1
    for first in range(missing.start, missing.stop, SAVED_BLOCKS):
        last = min(first + SAVED_BLOCKS, missing.stop)
        counts = np.fromiter(_count_blocks(handle, encoding, first, last), np.uint64)
        if not len(counts):
            break
        added = np.cumsum(counts, dtype=np.uint64) + np.uint64(total)
        _save_records(blob, encoding, first, added)
        records = np.concatenate([records[:first], added])
        total = int(records[-1])
        if first + len(added) < last:
            break
    return records


def _count_blocks(handle: int, encoding: str, first: int, last: int) -> Iterator[int]:
    for block in range(first, last):
        data = os.pread(handle, BLOCK_BYTES, block * BLOCK_BYTES)
        # The file is shorter than its row says: its reader reports that.
        if len(data) < BLOCK_BYTES:
            return
        yield count_line_ends(data, encoding)


def _save_records(blob: str, encoding: str, first: int, records: Records) -> None:
    path = files.derived_path(blob, "lines")
    # A full disk costs the next reader time, but is no failure.
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            head = _header(encoding)
            os.pwrite(handle, head, 0)
            data = records.astype("<u8").tobytes()
            os.pwrite(handle, data, len(head) + first * _RECORD_BYTES)
        finally:
            os.close(handle)
    # The blob can have been deleted since it was opened. Its deletion removes the
    # index after the blob, so one of the two sees the other.
    if not files.exists(blob):
        path.unlink(missing_ok=True)


def drop_records(blob: str) -> None:
    files.derived_path(blob, "lines").unlink(missing_ok=True)


def extend_line_index(blob: str, start: int, size: int) -> None:
    """Count the lines of an append that wrote the bytes from `start` to `size`.

    Records of later bytes belong to an older content of the blob and are removed.
    """
    path = files.derived_path(blob, "lines")
    kept = start // BLOCK_BYTES
    with contextlib.suppress(OSError):
        _truncate_records(path, kept)
    if size // BLOCK_BYTES == kept:
        return
    with contextlib.suppress(OSError), files.open(blob) as file:
        encoding = find_encoding(os.pread(file.fileno(), 2, 0))
        records = load_records(blob, encoding)[:kept]
        if size // BLOCK_BYTES - len(records) <= MAX_APPEND_BLOCKS:
            add_records(file.fileno(), blob, encoding, records, size)


def index_uploaded_text(blob: str, size: int) -> None:
    """Count the lines of a large file that was just uploaded, if it is a text.

    Its bytes are still in memory, so its first reader does not wait for the disk.
    """
    if size < MIN_UPLOAD_BYTES:
        return
    # It was read while it was written: an error here belongs to its readers.
    with contextlib.suppress(OSError, MissingBytes), files.open(blob) as file:
        encoding = find_encoding(os.pread(file.fileno(), 2, 0))
        start = os.pread(file.fileno(), BLOCK_BYTES, 0)
        if encoding == "utf-8" and b"\0" in start:
            return
        add_records(file.fileno(), blob, encoding, load_records(blob, encoding), size)


def _truncate_records(path: Path, count: int) -> None:
    length = len(_header("utf-8")) + count * _RECORD_BYTES
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > length:
            os.truncate(path, length)


def _header(encoding: str) -> bytes:
    return _MAGIC + f"{list(_LINE_ENDS).index(encoding):02}".encode()
