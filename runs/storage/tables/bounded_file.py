"""The first bytes of an open file: what was appended since is not there."""

from __future__ import annotations

import io
from typing import BinaryIO, cast


class _FirstBytes(io.RawIOBase):
    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, origin: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        wanted = start[origin] + offset
        if wanted < 0:
            raise OSError("negative position")
        self._at = wanted
        return wanted

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._source.seek(self._at)
        data = self._source.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def first_bytes(source: BinaryIO, size: int) -> BinaryIO:
    """Return a file of `size` bytes that reads from `source`."""
    bounded = io.BufferedReader(_FirstBytes(source, size), 256 * 1024)
    return cast("BinaryIO", bounded)
