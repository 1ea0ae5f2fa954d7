"""The files of a spool: each holds records from a number on, which its name tells."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path


class Segment:
    """A file of records: `size` bytes of it hold `count` of them, from `first` on."""

    def __init__(self, path: Path, first: int, size: int = 0, count: int = 0) -> None:
        self.path, self.first, self.size, self.count = path, first, size, count


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
