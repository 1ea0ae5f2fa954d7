"""The files of a spool, and the format of the records in them.

    <length: 4 bytes><CRC-32 of the payload: 4 bytes><payload>      little-endian

A segment is a file of records; its name has the number of the first one. A script that
is killed while it writes leaves a record that is too short or has a wrong checksum;
readers stop there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

HEADER = struct.Struct("<II")

# Called for each record: a global name is found faster than an attribute.
_pack, _crc = HEADER.pack, zlib.crc32


def pack_frame(payload: bytes) -> bytes:
    """The payload as a record."""
    return _pack(len(payload), _crc(payload)) + payload


def read_frames(
    data: bytes, *, limit: int = sys.maxsize
) -> tuple[Sequence[bytes], int]:
    """Up to `limit` payloads, and the offset behind the last of them.

    Stops before anything that is not a whole record.
    """
    payloads: list[bytes] = []
    add, unpack = payloads.append, HEADER.unpack_from
    offset, end = 0, len(data)
    while limit > 0 and offset + HEADER.size <= end:
        length, checksum = unpack(data, offset)
        start = offset + HEADER.size
        # A power failure can leave zeros at the end of a file. They would be a record
        # of no bytes with a correct checksum.
        if not length or start + length > end:
            break
        payload = data[start : start + length]
        if _crc(payload) != checksum:
            break
        offset = start + length
        add(payload)
        limit -= 1
    return payloads, offset


class Segment:
    """A file of records: `size` bytes hold `count` of them, from number `first` on."""

    def __init__(self, path: Path, first: int, size: int = 0, count: int = 0) -> None:
        self.path, self.first, self.size, self.count = path, first, size, count


def list_segments(folder: Path, kind: str) -> Iterator[tuple[Segment, Sequence[bytes]]]:
    """The segments of that kind in order, each with its payloads."""
    # The numbers in the names are padded with zeros, so they sort as text.
    for path in sorted(folder.glob(f"{kind}.*.seg")):
        payloads, size = read_frames(path.read_bytes())
        yield Segment(path, int(path.name.split(".")[1]), size, len(payloads)), payloads


def create_segment_file(path: Path) -> int:
    """Open a new file for appending; returns its handle. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.open(path, flags, 0o600)


def read_records(
    segment: Segment, offset: int, limit: int, max_bytes: int
) -> tuple[Sequence[bytes], int]:
    """Payloads from `offset` on, and how many bytes of the file they take.

    At least one is read, even if it is longer than `max_bytes`.
    """
    left = segment.size - offset
    size = min(left, max_bytes)
    found = read_frames(read_bytes(segment.path, offset, size), limit=limit)
    if not found[0] and size < left:
        found = read_frames(read_bytes(segment.path, offset, left), limit=1)
    return found


def read_bytes(path: Path, offset: int, size: int) -> bytes:
    """Up to `size` bytes from `offset` on; all of them for -1. Raises OSError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def delete_segment_file(path: Path) -> None:
    """Delete the file if that is possible."""
    with contextlib.suppress(OSError):
        path.unlink()


def disk_full_error() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
