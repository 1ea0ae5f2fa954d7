"""Only the lines with a level or a text, forward from a line or back from the end."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from runs.render.logs import LEVEL_PATTERNS, LineContext, LogLine, read_lines
from runs.search.logs.log_pattern import LogPattern
from runs.search.logs.log_scan import (
    CHUNK_BYTES,
    LogChunk,
    LogScan,
    matching_lines,
    read_chunk,
)
from runs.search.logs.log_source import LogShape
from runs.storage.logs import LogReader

#: A request ends after this time, with the lines so far.
FILTER_SECONDS = 0.8


@dataclass(frozen=True)
class LogFilter:
    """Lines with one of the levels (any if empty) in which the pattern is found."""

    levels: frozenset[str] = frozenset()
    pattern: LogPattern | None = None

    def __bool__(self) -> bool:
        return bool(self.levels or self.pattern)

    @property
    def scanned_pattern(self) -> LogPattern:
        """What all matching lines have; the level of each is checked afterwards."""
        return self.pattern or _levels_pattern(tuple(sorted(self.levels)))

    def has(self, line: LogLine) -> bool:
        return not self.levels or line.level in self.levels


@dataclass(frozen=True)
class FilteredLines:
    """Matching lines. All lines from `first` on and before `stop` were searched."""

    lines: tuple[LogLine, ...]
    first: int
    stop: int


@lru_cache(maxsize=32)
def _levels_pattern(levels: tuple[str, ...]) -> LogPattern:
    text = "|".join(LEVEL_PATTERNS[level] for level in levels)
    return LogPattern(text, is_regex=True, is_cased=True)


def filter_forward(
    reader: LogReader, shape: LogShape, wanted: LogFilter, number: int, count: int
) -> FilteredLines:
    """Return the first matching lines from line `number` on."""
    start = reader.line_start(number)
    scan = LogScan(reader, start, FILTER_SECONDS)
    found: list[LogLine] = []
    for chunk in scan.chunks():
        for line in _matches(reader, shape, wanted, chunk):
            found.append(line)
            if len(found) == count:
                return FilteredLines(tuple(found), number, line.number + 1)
    return FilteredLines(tuple(found), number, scan.number + scan.is_done)


def filter_backward(
    reader: LogReader,
    shape: LogShape,
    wanted: LogFilter,
    count: int,
    before: int | None = None,
) -> FilteredLines:
    """Return the last matching lines, or the last ones before a line."""
    found: list[LogLine] = []
    end = reader.line_count + 1
    stop = end if before is None else max(1, min(before, end))
    first = stop
    deadline = time.monotonic() + FILTER_SECONDS
    last_byte = reader.size if stop == end else reader.line_start(stop)
    for chunk in _chunks_backward(reader, last_byte):
        first = chunk.number
        for line in _matches_backward(reader, shape, wanted, chunk):
            found.append(line)
            if len(found) == count:
                return FilteredLines(tuple(reversed(found)), line.number, stop)
        if time.monotonic() >= deadline:
            break
    return FilteredLines(tuple(reversed(found)), first, stop)


def _matches(
    reader: LogReader, shape: LogShape, wanted: LogFilter, chunk: LogChunk
) -> Iterator[LogLine]:
    context = LineContext(reader.encoding, shape.clock, shape.columns)
    for raw in matching_lines(reader, chunk, wanted.scanned_pattern):
        yield from filter(wanted.has, read_lines([raw], context))


def _matches_backward(
    reader: LogReader, shape: LogShape, wanted: LogFilter, chunk: LogChunk
) -> Iterator[LogLine]:
    context = LineContext(reader.encoding, shape.clock, shape.columns)
    # Most of a chunk's matches are not shown, so each is read when it is needed.
    for raw in reversed([*matching_lines(reader, chunk, wanted.scanned_pattern)]):
        yield from filter(wanted.has, read_lines([raw], context))


def _chunks_backward(reader: LogReader, stop: int) -> Iterator[LogChunk]:
    while stop > 0:
        start = _aligned_start(reader, stop)
        number = reader.line_number(start)
        if stop - start > CHUNK_BYTES:
            # Of a very long line, the start is searched.
            yield read_chunk(reader, start, number)
        else:
            yield LogChunk(start, number, reader.read(start, stop))
        stop = start


def _aligned_start(reader: LogReader, stop: int) -> int:
    """Return where a line starts, about one chunk before `stop`."""
    start = stop - CHUNK_BYTES
    if start <= 0:
        return 0
    following = reader.line_stop(start - 1)
    if following < stop:
        return following
    return reader.line_start(reader.line_number(stop - 1))


def check_levels(levels: Collection[str]) -> frozenset[str]:
    """Return the known ones."""
    return frozenset(level for level in levels if level in LEVEL_PATTERNS)
