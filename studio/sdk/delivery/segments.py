"""The files of a spool: each holds records from a number on, which its name tells."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.sdk.delivery.frames import read_frames


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
