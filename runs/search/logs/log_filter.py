"""Only the lines with a level or a text, forward from a line or back from the end."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from runs.render.logs import LEVEL_PATTERNS, LineContext, LogLine, read_lines
from runs.search.logs.log_pattern import LogPattern
from runs.search.logs.log_scan import (
    CHUNK_BYTES,
    FAST_SECONDS,
    MIN_CHUNK_BYTES,
    LogScan,
    matching_lines,
)
from runs.search.logs.log_source import LogShape
from runs.search.logs.raw_lines import iterate_raw_lines
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
    """Matching lines. All lines from `first` on and before `stop` were searched.

    With `is_busy`, nothing was searched, because other searches had all turns.
    """

    lines: tuple[LogLine, ...]
    first: int
    stop: int
    is_busy: bool = False


@lru_cache(maxsize=32)
def _levels_pattern(levels: tuple[str, ...]) -> LogPattern:
    text = "|".join(LEVEL_PATTERNS[level] for level in levels)
    return LogPattern(text, is_regex=True, is_cased=True)


def filter_forward(
    reader: LogReader, shape: LogShape, wanted: LogFilter, number: int, count: int
) -> FilteredLines:
    """Return the first matching lines from line `number` on."""
    scan = LogScan(reader, reader.line_start(number), FILTER_SECONDS)
    found: list[LogLine] = []
    for line in _matches(reader, shape, wanted, scan):
        found.append(line)
        if len(found) == count:
            return FilteredLines(tuple(found), number, line.number + 1)
    if scan.is_done:
        return FilteredLines(tuple(found), number, reader.line_count + 1)
    # A line that alone takes all of the time is searched as far as that goes.
    stop = max(reader.line_number(scan.position), number + 1)
    return FilteredLines(tuple(found), number, stop)


def filter_backward(
    reader: LogReader,
    shape: LogShape,
    wanted: LogFilter,
    count: int,
    *,
    before: int | None = None,
    start: int = 0,
) -> FilteredLines:
    """Return the last matching lines, or the last ones before a line.

    Only those from the byte `start` on, which begins a line.
    """
    found: list[LogLine] = []
    end = reader.line_count + 1
    stop = end if before is None else max(1, min(before, end))
    first = stop
    deadline = time.monotonic() + FILTER_SECONDS
    last_byte = reader.size if stop == end else reader.line_start(stop)
    for begin, last in _ranges_backward(reader, start, last_byte):
        # Only a very long line can take longer.
        seconds = FILTER_SECONDS if last - begin > CHUNK_BYTES else math.inf
        scan = LogScan(reader, begin, seconds, stop=last)
        first = reader.line_number(begin)
        for line in reversed([*_matches(reader, shape, wanted, scan)]):
            found.append(line)
            if len(found) == count:
                return FilteredLines(tuple(reversed(found)), line.number, stop)
        if time.monotonic() >= deadline:
            break
    return FilteredLines(tuple(reversed(found)), first, stop)


def _matches(
    reader: LogReader, shape: LogShape, wanted: LogFilter, scan: LogScan
) -> Iterator[LogLine]:
    context = LineContext(reader.encoding, shape.clock, shape.columns)
    last = 0
    for chunk in scan.chunks():
        for raw in matching_lines(reader, chunk, wanted.scanned_pattern):
            # A very long line is searched in parts, and is one line.
            if raw.number == last:
                continue
            last = raw.number
            if raw.is_excerpt:
                start = reader.line_start(raw.number)
                raw = next(iterate_raw_lines(reader, start, raw.number))
            yield from filter(wanted.has, read_lines([raw], context))


def _ranges_backward(
    reader: LogReader, start: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Yield parts of whole lines from the end on, small ones first."""
    size = MIN_CHUNK_BYTES
    while stop > start:
        begun = time.monotonic()
        begin = max(start, _aligned_start(reader, stop, size))
        yield begin, stop
        stop = begin
        is_fast = time.monotonic() - begun < FAST_SECONDS
        size = min(size * 4, CHUNK_BYTES) if is_fast else MIN_CHUNK_BYTES


def _aligned_start(reader: LogReader, stop: int, size: int) -> int:
    """Return where a line starts, about `size` bytes before `stop`."""
    start = stop - size
    if start <= 0:
        return 0
    following = reader.line_stop(start - 1)
    if following < stop:
        return following
    return reader.line_start(reader.line_number(stop - 1))


def check_levels(levels: Collection[str]) -> frozenset[str]:
    """Return the known ones."""
    return frozenset(level for level in levels if level in LEVEL_PATTERNS)
