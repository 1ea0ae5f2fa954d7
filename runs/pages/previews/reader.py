"""Reads parts of a file within a budget of bytes and seconds."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.http import QueryDict

from runs.render.previews import InvalidContent, load_json

#: The first bytes, by which kinds recognize a file.
SNIFFED_BYTES = 8 * 1024
#: A JSON document beyond these is shown as text.
MAX_JSON_BYTES = 8 << 20
MAX_JSON_VALUES = 1_500_000


class BudgetExceeded(Exception):
    """A preview would read more, or for longer, than its kind can."""


@dataclass(frozen=True)
class ViewerAddress:
    """The address of the viewer and its parameters, and that of the file's bytes."""

    query: QueryDict
    href: str
    raw_href: str


@dataclass(frozen=True)
class FileContent:
    """A file to preview, wherever it is stored; `size` in bytes.

    `is_packed` if a seek has to unpack all bytes up to the new position. `blob` has the
    bytes: all of them, or `part` of an archive. `read_log` reads a window of its lines,
    where the page can show one. `read_other` reads another file of the same run by its
    address in this one, up to a number of bytes; it returns None if there is none.
    """

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]
    is_packed: bool = False
    blob: str = ""
    part: str = ""
    viewer: ViewerAddress | None = None
    read_log: Callable[[], object] | None = None
    read_other: Callable[[str, int], bytes | None] | None = None


class PreviewReader(io.RawIOBase):
    """The bytes of an open file, as a stream. Raises BudgetExceeded.

    Bytes beyond the file's recorded size are not there: a log can have grown since.
    """

    def __init__(
        self, file: FileContent, source: BinaryIO, max_bytes: int, max_seconds: float
    ) -> None:
        self.file = file
        self.name, self.size = file.name, file.size
        self.read_log = file.read_log
        self._source = source
        self._is_packed = file.is_packed
        self._at = 0
        self._bytes_left = max_bytes
        self._deadline = time.monotonic() + max_seconds
        self._document: list[Any] | None = None
        #: A chart with the data that it has from other files.
        self.chart: list[Any] | None = None

    def allow(self, max_bytes: int, max_seconds: float) -> None:
        """Start a new budget."""
        self._bytes_left = max_bytes
        self._deadline = time.monotonic() + max_seconds

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, origin: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[origin]
        if start + offset < 0:
            raise OSError("negative position")
        # The source moves when bytes are read: archives' readers seek without reading.
        self._at = start + offset
        return self._at

    def read(self, length: int | None = -1) -> bytes:
        left = max(0, self.size - self._at)
        wanted = left if length is None or length < 0 else min(length, left)
        if not wanted:
            return b""
        self._move_source()
        self._spend(wanted)
        data = self._source.read(wanted)
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes from `offset`; fewer at the end of the file."""
        self.seek(offset)
        return self.read(length)

    def json(self) -> Any:
        """Return the document in the file. Raises InvalidContent, BudgetExceeded."""
        if self.size > MAX_JSON_BYTES:
            raise InvalidContent
        # Several kinds look at the same document.
        if self._document is None:
            data = self.read_at(0, MAX_JSON_BYTES)
            self._document = [load_json(data, max_values=MAX_JSON_VALUES)]
        return self._document[0]

    def _move_source(self) -> None:
        position = self._source.tell()
        if position == self._at:
            return
        if self._is_packed:
            # Going back unpacks the file from its start.
            self._spend(self._at - position if self._at > position else self._at)
        self._source.seek(self._at)

    def _spend(self, count: int) -> None:
        self._bytes_left -= count
        if self._bytes_left < 0 or time.monotonic() > self._deadline:
            raise BudgetExceeded
