"""The files of a spool: each holds records from a number on, which its name tells."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path


class Segment:
    """A file of records: `size` bytes of it hold `count` of them, from `first` on."""

    def __init__(self, path: Path, first: int, size: int = 0, count: int = 0) -> None:
        self.path, self.first, self.size, self.count = path, first, size, count


def find(folder: Path, sort: str) -> Iterator[tuple[Segment, Sequence[bytes]]]:
    """The segments of that sort, in their order, and what each holds."""
    for path in sorted(folder.glob(f"{sort}.*.seg")):
        payloads, size = read_frames(path.read_bytes())
        yield Segment(path, int(path.name.split(".")[1]), size, len(payloads)), payloads


def begin(path: Path) -> int:
    """The handle of a new one, which is written to at its end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.open(path, flags, 0o600)


def read_records(
    segment: Segment, offset: int, most: int, most_bytes: int
) -> tuple[Sequence[bytes], int]:
    """Records from `offset` on, and how many bytes they take.

    One is read whole, however long it is.
    """
    left = segment.size - offset
    size = min(left, most_bytes)
    found = read_frames(read_piece(segment.path, offset, size), most=most)
    if not found[0] and size < left:
        found = read_frames(read_piece(segment.path, offset, left), most=1)
    return found


def read_piece(path: Path, offset: int, size: int) -> bytes:
    """`size` bytes from `offset` on, as far as there are so many; -1 for all."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def remove(path: Path) -> None:
    """Have it gone, where that is possible."""
    with contextlib.suppress(OSError):
        path.unlink()


def disk_is_full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


HEADER = struct.Struct("<II")
SIZE = HEADER.size
#: A longer one is no record: the bytes before it were damaged.
MAX_PAYLOAD = 64 * 1024 * 1024

_pack, _crc = HEADER.pack, zlib.crc32


def frame(payload: bytes) -> bytes:
    return _pack(len(payload), _crc(payload)) + payload


def read_frames(data: bytes, *, most: int = 1 << 60) -> tuple[Sequence[bytes], int]:
    """Up to `most` payloads, and where the next record begins.

    Ends before what is no whole record.
    """
    payloads: list[bytes] = []
    take, unpack = payloads.append, HEADER.unpack_from
    at, end = 0, len(data)
    while most > 0 and at + SIZE <= end:
        length, checksum = unpack(data, at)
        stop = at + SIZE + length
        # Zeros, which a power failure leaves at a file's end, would be a record of
        # no bytes with the right checksum.
        if not length or stop > end or length > MAX_PAYLOAD:
            break
        payload = data[at + SIZE : stop]
        if _crc(payload) != checksum:
            break
        at = stop
        take(payload)
        most -= 1
    return payloads, at
