"""Lines of a log: some hundred from any line, byte or time, or the last ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runs.render.logs import (
    LineContext,
    LogLine,
    RawLine,
    TracebackFinder,
    decode_line,
    plain_text,
    read_lines,
    style_after,
)
from runs.search.expressions import search_slot
from runs.search.logs.log_filter import (
    FilteredLines,
    LogFilter,
    filter_backward,
    filter_forward,
)
from runs.search.logs.log_source import LogShape, LogSource, read_shape
from runs.search.logs.log_times import find_line_at
from runs.search.logs.raw_lines import iterate_raw_lines
from runs.storage.logs import LogReader

DEFAULT_COUNT, MAX_COUNT = 500, 2000
#: A window ends before its lines or its text need more than this.
MAX_READ_BYTES = 8 * 1024 * 1024
MAX_SHOWN_CHARS = 2 * 1024 * 1024
#: What is shown above the line that is looked for.
MAX_ABOVE_BYTES = 256 * 1024
#: Colors and tracebacks that began this much before a window are recognized.
LOOK_BACK_BYTES = 32 * 1024


@dataclass(frozen=True)
class WindowQuery:
    """Where a window starts: one of the fields, else at the first line.

    `line` counts from 1; `above` lines before it are shown, too. `since` is the size
    that the reader has seen: the window then has what came later, with the line that
    was unfinished. With `is_end` these are the last lines of it, else the first.
    """

    line: int | None = None
    byte: int | None = None
    at: int | None = None
    since: int | None = None
    is_end: bool = False
    #: The last lines before this one; with a filter the last matching ones.
    before: int | None = None
    above: int = 0
    count: int = DEFAULT_COUNT
    filter: LogFilter = field(default_factory=LogFilter)

    @property
    def is_backward(self) -> bool:
        return self.is_end or self.before is not None


@dataclass(frozen=True)
class LogWindow:
    """Lines `first` to `last` of `total`; 0 if there are none. `size` is in bytes.

    All lines from `searched_from` on and before `searched_to` were read: without a
    filter they are the lines of the window. They end before the byte `stop`.
    """

    lines: tuple[LogLine, ...]
    total: int
    size: int
    version: str
    columns: tuple[str, ...] = ()
    #: The line of the moment that was asked for.
    moment: int | None = None
    searched_from: int = 0
    searched_to: int = 0
    stop: int = 0
    #: Other searches had all turns, and nothing was searched: ask for the same again.
    is_busy: bool = False

    @property
    def first(self) -> int:
        return self.lines[0].number if self.lines else 0

    @property
    def last(self) -> int:
        return self.lines[-1].number if self.lines else 0

    @property
    def is_end(self) -> bool:
        return self.last >= self.total


def read_window(source: LogSource, query: WindowQuery) -> LogWindow:
    """Read lines of a log, in constant memory. Raises MissingBytes, OSError."""
    with source.open() as reader:
        shape = read_shape(reader, source.started)
        total = reader.line_count
        moment = None if query.at is None else find_line_at(reader, shape, query.at)
        number, stop = _range_of(reader, query, total, moment)
        if query.filter:
            found = _filtered(reader, shape, query, number, stop)
        else:
            found = _unfiltered(reader, shape, query, number, stop)
        return LogWindow(
            found.lines,
            total,
            source.size,
            source.version,
            shape.columns,
            moment,
            found.first,
            found.stop,
            reader.line_start(found.stop),
            found.is_busy,
        )


def _unfiltered(
    reader: LogReader, shape: LogShape, query: WindowQuery, number: int, stop: int
) -> FilteredLines:
    lines = _read_from(reader, shape, number, stop - number)
    if query.is_backward:
        # The end counts: lines are left out at the start.
        shown = _limit_text(reversed(tuple(lines)))[::-1]
    else:
        shown = _limit_text(lines)
    if not shown:
        return FilteredLines((), stop, stop)
    return FilteredLines(tuple(shown), shown[0].number, shown[-1].number + 1)


def _filtered(
    reader: LogReader, shape: LogShape, query: WindowQuery, number: int, stop: int
) -> FilteredLines:
    with search_slot() as has_slot:
        if not has_slot:
            # Others search: nothing is read, and the next request tries again.
            edge = stop if query.is_backward else number
            return FilteredLines((), edge, edge, is_busy=True)
        if query.is_backward:
            start = reader.line_start(number)
            found = filter_backward(
                reader, shape, query.filter, query.count, before=stop, start=start
            )
            lines = _limit_text(reversed(found.lines))[::-1]
            left_out = len(found.lines) > len(lines)
            first = lines[0].number if left_out else found.first
            return FilteredLines(tuple(lines), first, found.stop)
        found = filter_forward(reader, shape, query.filter, number, query.count)
    lines = _limit_text(found.lines)
    left_out = len(found.lines) > len(lines)
    stop = lines[-1].number + 1 if left_out else found.stop
    return FilteredLines(tuple(lines), found.first, stop)


def _range_of(
    reader: LogReader, query: WindowQuery, total: int, moment: int | None
) -> tuple[int, int]:
    """Return the first line of the window, and the line after its last one."""
    stop = total + 1
    if query.before is not None:
        stop = max(1, min(query.before, stop))
    if query.is_backward:
        begin = 1 if query.since is None else _first_since(reader, query.since)
        if query.filter:
            return min(begin, stop), stop
        # The last lines, but none that the reader has.
        first = _first_before(reader, stop, query.count, MAX_READ_BYTES)
        return min(max(first, begin), stop), stop
    number = _first_number(reader, query, moment)
    return min(number, stop), min(number + query.count, stop)


def _first_number(reader: LogReader, query: WindowQuery, moment: int | None) -> int:
    if moment is not None:
        # Some lines before the moment show what led to it.
        return _first_before(reader, moment, query.count // 4, MAX_ABOVE_BYTES)
    if query.line is not None:
        line = max(1, query.line)
        return _first_before(reader, line, query.above, MAX_ABOVE_BYTES)
    if query.byte is not None:
        return reader.line_number(query.byte)
    return 1 if query.since is None else _first_since(reader, query.since)


def _first_before(reader: LogReader, stop: int, count: int, limit: int) -> int:
    """Return the first of at most `count` lines before a line; fewer if these are long.

    Of lines that are longer than `limit` bytes, it is the last one alone.
    """
    first = max(1, stop - count)
    end = reader.line_start(stop)
    if first >= stop or end - reader.line_start(first) <= limit:
        return first
    return min(stop - 1, reader.line_number(end - limit) + 1)


def _first_since(reader: LogReader, since: int) -> int:
    since -= since % len(reader.line_end)
    if since <= 0 or since > reader.size:
        return 1
    # The byte before is in the last line that the reader has, which can be unfinished.
    ended = reader.read(since - len(reader.line_end), since) == reader.line_end
    return reader.line_number(since) if ended else reader.line_number(since - 1)


def _read_from(
    reader: LogReader, shape: LogShape, number: int, count: int
) -> Iterator[LogLine]:
    start = reader.line_start(number)
    context = context_before(reader, shape, start)
    raw_lines = _limit_bytes(iterate_raw_lines(reader, start, number), count)
    return read_lines(raw_lines, context)


def context_before(reader: LogReader, shape: LogShape, start: int) -> LineContext:
    """Return the colors and open tracebacks at a line's first byte."""
    context = LineContext(reader.encoding, shape.clock, shape.columns)
    begin = max(0, start - LOOK_BACK_BYTES)
    begin += begin % len(reader.line_end)
    text = decode_line(reader.read(begin, start), reader.encoding)
    context.style = style_after(text, context.style)
    lines = text.split("\n")[:-1]
    for line in lines if begin == 0 else lines[1:]:
        # Numbers don't matter here: only what is open at the end does.
        context.tracebacks.read(0, plain_text(line.rstrip("\r")))
    if not context.tracebacks.is_inside:
        context.tracebacks = TracebackFinder()
    return context


def _limit_bytes(raw_lines: Iterable[RawLine], count: int) -> Iterator[RawLine]:
    total = 0
    for position, line in enumerate(raw_lines):
        total += len(line.data) + len(line.tail)
        if position >= count or (position and total > MAX_READ_BYTES):
            return
        yield line


def _limit_text(lines: Iterable[LogLine]) -> list[LogLine]:
    kept: list[LogLine] = []
    total = 0
    for line in lines:
        total += len(line.text)
        if kept and total > MAX_SHOWN_CHARS:
            break
        kept.append(line)
    return kept
