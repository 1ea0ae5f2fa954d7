"""Read a log chunk by chunk and find its lines that match, for a limited time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from runs.render.logs import RawLine
from runs.search.logs.log_pattern import LogPattern
from runs.storage.logs import LogReader

CHUNK_BYTES = 1024 * 1024
#: A match in a line without end is found across two chunks up to this length.
OVERLAP_BYTES = 4 * 1024
#: What is kept around a match in such a line.
_BEFORE_BYTES, _AFTER_BYTES = 400, 2000
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?")

#: Where the last line end of a chunk is, in most logs.
_TAIL_BYTES = 4 * 1024


@dataclass(frozen=True)
class LogChunk:
    """Whole lines from byte `start` on, or a part of one very long line."""

    start: int
    number: int
    data: bytes
    is_partial: bool = False


class LogScan:
    """Chunks of a log from a byte on; ends after `seconds` with `position` < size."""

    def __init__(self, reader: LogReader, start: int, seconds: float) -> None:
        self._reader = reader
        self._deadline = time.monotonic() + seconds
        self.position = start
        self.number = reader.line_number(start) if start else 1

    @property
    def is_done(self) -> bool:
        return self.position >= self._reader.size

    def chunks(self) -> Iterator[LogChunk]:
        """Yield at least one chunk; the next one starts at `position`."""
        while not self.is_done:
            chunk = read_chunk(self._reader, self.position, self.number)
            if not chunk.data:
                return
            yield chunk
            self._advance(chunk)
            if time.monotonic() >= self._deadline:
                return

    def _advance(self, chunk: LogChunk) -> None:
        length = len(chunk.data)
        if chunk.is_partial:
            # The end is read again, so that a match across two chunks is found.
            self.position += length - OVERLAP_BYTES
            return
        self.position += length
        self.number += len(self._reader.find_line_ends(chunk.data))


def read_chunk(reader: LogReader, start: int, number: int) -> LogChunk:
    data = reader.read(start, start + CHUNK_BYTES)
    if start + len(data) >= reader.size:
        return LogChunk(start, number, data)
    for offset in (max(0, len(data) - _TAIL_BYTES), 0):
        ends = reader.find_line_ends(data[offset:])
        if ends:
            return LogChunk(start, number, data[: offset + ends[-1]])
    return LogChunk(start, number, data, is_partial=True)


def matching_lines(
    reader: LogReader, chunk: LogChunk, pattern: LogPattern
) -> Iterator[RawLine]:
    """Yield the chunk's lines in which the pattern is found, colors left out."""
    text = searched_text(reader, chunk.data)
    if chunk.is_partial:
        yield from _matches_of_part(chunk, text, pattern)
        return
    ends: list[int] = []
    for position in _matching_positions(text, pattern):
        # Most chunks have no match, and their lines are not looked for.
        ends = ends or reader.find_line_ends(chunk.data)
        yield _line_at(reader, chunk, ends, position)


def searched_text(reader: LogReader, data: bytes) -> bytes:
    """Return UTF-8 text with plain line ends and without color codes.

    A code can be in the middle of a match, and `$` does not match before `\\r`.
    """
    if reader.encoding != "utf-8":
        data = data.decode(reader.encoding, errors="replace").encode()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    return _ESCAPES.sub(b"", data) if b"\x1b" in data else data


def _matching_positions(text: bytes, pattern: LogPattern) -> Iterator[int]:
    """Yield the matching lines of a text by their position."""
    at = counted = position = 0
    while at < len(text) and (found := pattern.find(text, at)):
        start = text.rfind(b"\n", at, found[0]) + 1 or at
        if start >= len(text):
            return
        stop = text.find(b"\n", found[0])
        stop = len(text) if stop < 0 else stop
        position += text.count(b"\n", counted, start)
        counted = start
        # A match over a line end counts if the line has one of its own.
        if found[1] <= stop or pattern.find(text[start:stop]):
            yield position
        at = stop + 1


def _matches_of_part(
    chunk: LogChunk, text: bytes, pattern: LogPattern
) -> Iterator[RawLine]:
    found = pattern.find(text)
    if found is not None:
        first = max(0, found[0] - _BEFORE_BYTES)
        data = text[first : found[1] + _AFTER_BYTES]
        yield RawLine(chunk.number, chunk.start, data, len(data), is_excerpt=True)


def _line_at(
    reader: LogReader, chunk: LogChunk, ends: list[int], position: int
) -> RawLine:
    start = ends[position - 1] if position else 0
    # The last line of the log can be unfinished.
    stop, end_bytes = len(chunk.data), 0
    if position < len(ends):
        stop, end_bytes = ends[position], len(reader.line_end)
    data = chunk.data[start : stop - end_bytes]
    return RawLine(chunk.number + position, chunk.start + start, data, stop - start)
