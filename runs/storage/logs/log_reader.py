"""Read any line or byte of a stored log with one small read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TypeVar

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from runs.storage.files import MISSING_MESSAGE, files
from runs.storage.logs.line_index import (
    BLOCK_BYTES,
    SAVED_BLOCKS,
    Records,
    add_records,
    count_line_ends,
    drop_records,
    find_encoding,
    find_line_ends,
    line_end_of,
    load_records,
)
from studio.core.errors import MissingBytes, Unavailable

Found = TypeVar("Found")
RETRY_AFTER_SECONDS = 1


class WrongIndexError(Exception):
    """The index does not fit the bytes that were read."""


class UncountedLinesError(Unavailable):
    """The lines of a log are not all counted. The next request goes on counting."""

    def __init__(self, percent: int) -> None:
        super().__init__(
            _("The lines of this log are being counted. Try again in a moment."),
            retry_after=RETRY_AFTER_SECONDS,
            percent=percent,
        )


class LogReader:
    """The first `size` bytes of a log: later bytes are not acknowledged yet.

    Line numbers start at 1. A final line end opens no further line. What needs the
    number of a line raises UncountedLinesError if counting takes more than
    `count_seconds`.
    """

    def __init__(
        self, handle: int, blob: str, size: int, count_seconds: float | None = None
    ) -> None:
        self._handle = handle
        self.blob = blob
        self.size = size
        self._count_seconds = count_seconds
        self.encoding = find_encoding(self.read(0, 2))
        self.line_end = line_end_of(self.encoding)

    def read(self, start: int, end: int) -> bytes:
        """Read bytes; fewer if the range reaches beyond the log.

        Raises MissingBytes if the file became shorter since it was opened.
        """
        length = min(end, self.size) - start
        if length <= 0:
            return b""
        data = os.pread(self._handle, length, start)
        if len(data) < length:
            raise MissingBytes(MISSING_MESSAGE)
        return data

    def find_line_ends(self, data: bytes) -> list[int]:
        """Return the offset of the byte after each line end of `data`."""
        ends: list[int] = find_line_ends(data, self.encoding).tolist()
        return ends

    def find_last_line_end(self, data: bytes) -> int:
        """Return the offset of the byte after the last line end; 0 if there is none."""
        unit = len(self.line_end)
        at = data.rfind(self.line_end)
        # Two halves of characters of two bytes can look like a line end.
        while at >= 0 and at % unit:
            at = data.rfind(self.line_end, 0, at + unit - 1)
        return at + unit if at >= 0 else 0

    @property
    def line_count(self) -> int:
        return self._checked(self._count_lines)

    def line_start(self, number: int) -> int:
        """Return the first byte of a line; the log's size if it has fewer lines."""
        return self._checked(lambda: self._find_line_start(number))

    def line_number(self, byte: int) -> int:
        """Return the number of the line that has this byte."""
        return self._checked(lambda: self._find_line_number(min(byte, self.size)))

    def line_stop(self, byte: int) -> int:
        """Return the byte after the line that has this byte, its line end included."""
        return self._checked(lambda: self._find_line_stop(byte))

    def count_more(self, blocks: int) -> int:
        """Count the lines of `blocks` more blocks; returns the bytes that are left.

        Returns 0 if the count can't be saved: only one that counts all can end then.
        """
        whole = self.size // BLOCK_BYTES
        known = load_records(self.blob, self.encoding)[:whole]
        end = min(len(known) + blocks, whole)
        if end > len(known):
            size = end * BLOCK_BYTES
            add_records(self._handle, self.blob, self.encoding, known, size)
            if len(load_records(self.blob, self.encoding)) < end:
                return 0
        return (whole - end) * BLOCK_BYTES

    @cached_property
    def _records(self) -> Records:
        found = load_records(self.blob, self.encoding)[: self.size // BLOCK_BYTES]
        if self._count_seconds is not None:
            found = self._count_until(time.monotonic() + self._count_seconds, found)
        return add_records(self._handle, self.blob, self.encoding, found, self.size)

    def _count_until(self, deadline: float, records: Records) -> Records:
        """Count lines to the end. Raises UncountedLinesError after the deadline."""
        while (known := len(records)) < (whole := self.size // BLOCK_BYTES):
            end = min(known + SAVED_BLOCKS, whole)
            records = add_records(
                self._handle, self.blob, self.encoding, records, end * BLOCK_BYTES
            )
            if len(records) < end:
                break
            if end < whole and time.monotonic() >= deadline:
                # Without a saved count, the next request would not get further.
                if len(load_records(self.blob, self.encoding)) < end:
                    break
                raise UncountedLinesError(100 * end // whole)
        return records

    def _checked(self, find: Callable[[], Found]) -> Found:
        try:
            return find()
        except WrongIndexError:
            drop_records(self.blob)
            self.__dict__.pop("_records", None)
            return find()

    def _count_lines(self) -> int:
        if not self.size:
            return 0
        whole = self._lines_before(len(self._records))
        tail = self.read(len(self._records) * BLOCK_BYTES, self.size)
        # Reading the last full block proves that the index belongs to this content.
        if len(self._records):
            self._block_line_ends(len(self._records) - 1)
        unit = len(self.line_end)
        last = self.read(self.size - self.size % unit - unit, self.size)
        is_unfinished = not last.startswith(self.line_end)
        return whole + count_line_ends(tail, self.encoding) + is_unfinished

    def _lines_before(self, block: int) -> int:
        """Return how many lines end before the start of a block."""
        return int(self._records[block - 1]) - 1 if block else 0

    def _block_line_ends(self, block: int) -> NDArray[np.int64]:
        """Return where the lines of a block end. Raises WrongIndexError."""
        start = block * BLOCK_BYTES
        ends = find_line_ends(self.read(start, start + BLOCK_BYTES), self.encoding)
        if block < len(self._records):
            indexed = self._lines_before(block + 1) - self._lines_before(block)
            if indexed != len(ends):
                raise WrongIndexError
        return ends + start

    def _find_line_start(self, number: int) -> int:
        if number <= 1:
            return 0
        # The line starts after line end number - 1; the record counts from 1.
        block = int(np.searchsorted(self._records, np.uint64(number), side="left"))
        ends = self._block_line_ends(block)
        position = number - 2 - self._lines_before(block)
        return int(ends[position]) if position < len(ends) else self.size

    def _find_line_number(self, byte: int) -> int:
        block = min(byte // BLOCK_BYTES, len(self._records))
        ends = self._block_line_ends(block)
        earlier = int(np.searchsorted(ends, byte, side="right"))
        return self._lines_before(block) + earlier + 1

    def _find_line_stop(self, byte: int) -> int:
        block = min(byte // BLOCK_BYTES, len(self._records))
        ends = self._block_line_ends(block)
        later = int(np.searchsorted(ends, byte, side="right"))
        if later < len(ends):
            return int(ends[later])
        lines = np.uint64(self._lines_before(block) + len(ends) + 1)
        following = int(np.searchsorted(self._records, lines, side="right"))
        if following <= block:
            return self.size
        more = self._block_line_ends(following)
        return int(more[0]) if len(more) else self.size


@contextmanager
def open_log(
    blob: str, size: int, count_seconds: float | None = None
) -> Iterator[LogReader]:
    """Open the first `size` bytes of a blob; raises MissingBytes, OSError."""
    with files.open(blob, size) as file:
        yield LogReader(file.fileno(), blob, size, count_seconds)
