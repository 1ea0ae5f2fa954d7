"""Read a log chunk by chunk and find its lines that match, for a limited time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from runs.render.logs import RawLine
from runs.search.logs.log_pattern import LogPattern
from runs.storage.logs import LogReader

#: A scan starts with small chunks. As long as a search is fast, they become larger.
MIN_CHUNK_BYTES, CHUNK_BYTES = 64 * 1024, 1024 * 1024
FAST_SECONDS, _SLOW_SECONDS = 0.02, 0.1
#: A match in a line without end is found across two chunks up to this length.
OVERLAP_BYTES = 4 * 1024
#: What is kept around a match in such a line.
_BEFORE_BYTES, _AFTER_BYTES = 400, 2000
#: As in `render.logs`, but a code without an end takes only the rest of its line.
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n\r]*(?:\x07|\x1b\\)?"
    rb"|[PX^_][^\x1b\n\r]*(?:\x1b\\)?|[ -/]*[0-~])?"
)
#: Control characters that occur in logs and are not shown.
_HIDDEN = b"\x07\x08"


@dataclass(frozen=True)
class LogChunk:
    """Whole lines from byte `start` on, or a part of one very long line."""

    start: int
    data: bytes
    is_partial: bool = False

    @property
    def stop(self) -> int:
        return self.start + len(self.data)


class LogScan:
    """Chunks of a log from byte `start` to `stop`.

    It ends after `seconds`, with `position` before the stop.
    """

    def __init__(
        self, reader: LogReader, start: int, seconds: float, *, stop: int | None = None
    ) -> None:
        self._reader = reader
        self._deadline = time.monotonic() + seconds
        self._size = MIN_CHUNK_BYTES
        self.stop = reader.size if stop is None else stop
        self.position = start - start % len(reader.line_end)

    @property
    def is_done(self) -> bool:
        return self.position >= self.stop

    def chunks(self) -> Iterator[LogChunk]:
        """Yield at least one chunk; the next one starts at `position`."""
        while not self.is_done:
            begun = time.monotonic()
            chunk = read_chunk(
                self._reader, self.position, stop=self.stop, size=self._size
            )
            yield chunk
            self.position = chunk.stop
            if chunk.is_partial:
                # The end is read again, so that a match across two chunks is found.
                self.position -= OVERLAP_BYTES
            now = time.monotonic()
            if now >= self._deadline:
                return
            self._adapt(now - begun)

    def _adapt(self, seconds: float) -> None:
        if seconds < FAST_SECONDS:
            self._size = min(self._size * 4, CHUNK_BYTES)
        elif seconds > _SLOW_SECONDS:
            self._size = MIN_CHUNK_BYTES


def read_chunk(
    reader: LogReader, start: int, *, stop: int | None = None, size: int = CHUNK_BYTES
) -> LogChunk:
    stop = reader.size if stop is None else stop
    data = reader.read(start, min(start + size, stop))
    if start + len(data) >= stop:
        return LogChunk(start, data)
    end = reader.find_last_line_end(data)
    return LogChunk(start, data[:end] if end else data, is_partial=not end)


def matching_lines(
    reader: LogReader, chunk: LogChunk, pattern: LogPattern
) -> Iterator[RawLine]:
    """Yield the chunk's lines in which the pattern is found, colors left out.

    Of a line that reaches beyond the chunk, the surroundings of the match.
    """
    text = searched_text(reader, chunk.data)
    ends: list[int] = []
    number = 0
    for position, span in _matches(text, pattern):
        if not number:
            # Most chunks have no match, and their lines are not looked for.
            number = reader.line_number(chunk.start)
            ends = reader.find_line_ends(chunk.data)
        is_first_cut = position == 0 and reader.line_start(number) < chunk.start
        if chunk.is_partial or is_first_cut:
            yield _excerpt(number, chunk.start, text, span)
        else:
            yield _line_at(reader, chunk, ends, number, position)
        if chunk.is_partial:
            return


def searched_text(reader: LogReader, data: bytes) -> bytes:
    """Return UTF-8 text with plain line ends and without color codes.

    A code can be in the middle of a match, and `$` does not match before `\\r`.
    """
    if reader.encoding != "utf-8":
        data = data.decode(reader.encoding, errors="replace").encode()
    elif not data.isascii():
        data = _valid_text(data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\x1b" in data:
        data = _ESCAPES.sub(b"", data)
    if b"\x08" in data or b"\x07" in data:
        data = data.translate(None, _HIDDEN)
    return data


def _valid_text(data: bytes) -> bytes:
    """Replace wrong bytes, as they are shown: `.` would not match them."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _matches(text: bytes, pattern: LogPattern) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the matching lines by their position, each with its first match."""
    # Each state of a progress bar has its own start and end, as in a terminal.
    states = text.replace(b"\r", b"\n") if b"\r" in text else text
    at = counted = position = 0
    while at < len(text) and (found := pattern.find(states, at)):
        start = text.rfind(b"\n", at, found[0]) + 1 or at
        if start >= len(text):
            return
        position += text.count(b"\n", counted, start)
        counted = start
        yield position, found
        stop = text.find(b"\n", found[0])
        at = (stop if stop >= 0 else len(text)) + 1


def _excerpt(number: int, start: int, text: bytes, span: tuple[int, int]) -> RawLine:
    first = max(0, span[0] - _BEFORE_BYTES)
    stop = min(span[1] + _AFTER_BYTES, len(text))
    line_end = text.find(b"\n", span[0])
    data = text[first : stop if line_end < 0 else min(stop, line_end)]
    return RawLine(number, start, data, len(data), is_excerpt=True)


def _line_at(
    reader: LogReader, chunk: LogChunk, ends: list[int], number: int, position: int
) -> RawLine:
    start = ends[position - 1] if position else 0
    # The last line of the log can be unfinished.
    stop, end_bytes = len(chunk.data), 0
    if position < len(ends):
        stop, end_bytes = ends[position], len(reader.line_end)
    data = chunk.data[start : stop - end_bytes]
    return RawLine(number + position, chunk.start + start, data, stop - start)
