"""Lines of a log: some hundred from any line, byte or time, or the last ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

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
from runs.search.logs.log_filter import LogFilter, filter_backward, filter_forward
from runs.search.logs.log_source import LogShape, LogSource, read_shape
from runs.search.logs.log_times import find_line_at
from runs.search.logs.raw_lines import iterate_raw_lines
from runs.storage.logs import LogReader

DEFAULT_COUNT, MAX_COUNT = 500, 2000
#: A window ends before its lines or its text need more than this.
MAX_READ_BYTES = 8 * 1024 * 1024
MAX_SHOWN_CHARS = 2 * 1024 * 1024
#: Colors and tracebacks that began this much before a window are recognized.
LOOK_BACK_BYTES = 32 * 1024


@dataclass(frozen=True)
class WindowQuery:
    """Where a window starts: one of the fields, else at the first line.

    `line` counts from 1. `since` is the size that the reader has seen: the window then
    has what came later, with the line that was unfinished.
    """

    line: int | None = None
    byte: int | None = None
    at: int | None = None
    since: int | None = None
    is_end: bool = False
    #: With a filter: the last matching lines before this one.
    before: int | None = None
    count: int = DEFAULT_COUNT
    filter: LogFilter = field(default_factory=LogFilter)


@dataclass(frozen=True)
class LogWindow:
    """Lines `first` to `last` of `total`; 0 if there are none. `size` is in bytes."""

    lines: tuple[LogLine, ...]
    total: int
    size: int
    version: str
    columns: tuple[str, ...] = ()
    #: The line of the moment that was asked for.
    moment: int | None = None
    #: With a filter: the lines from `searched_from` on and before `searched_to`.
    searched_from: int = 0
    searched_to: int = 0

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
        number = _first_number(reader, query, total, moment)
        if query.filter:
            window = LogWindow((), total, source.size, source.version, shape.columns)
            return _filtered(reader, shape, query, number, window)
        lines = _read_from(reader, shape, number, query.count)
        if query.is_end or query.since is not None:
            # The end counts: lines are left out at the start.
            shown = _limit_text(reversed(tuple(lines)))[::-1]
        else:
            shown = _limit_text(lines)
    return LogWindow(
        tuple(shown), total, source.size, source.version, shape.columns, moment
    )


def _filtered(
    reader: LogReader,
    shape: LogShape,
    query: WindowQuery,
    number: int,
    window: LogWindow,
) -> LogWindow:
    if query.is_end or query.before is not None:
        found = filter_backward(reader, shape, query.filter, query.count, query.before)
    else:
        found = filter_forward(reader, shape, query.filter, number, query.count)
    return replace(
        window,
        lines=tuple(_limit_text(found.lines)),
        searched_from=found.first,
        searched_to=found.stop,
    )


def _first_number(
    reader: LogReader, query: WindowQuery, total: int, moment: int | None
) -> int:
    if moment is not None:
        # Some lines before the moment show what led to it.
        return max(1, moment - query.count // 4)
    if query.line is not None:
        return max(1, query.line)
    if query.byte is not None:
        return reader.line_number(max(0, query.byte))
    first = _first_of_end(reader, query.count, total)
    if query.since is not None:
        return max(first, _first_since(reader, query.since))
    return first if query.is_end else 1


def _first_of_end(reader: LogReader, count: int, total: int) -> int:
    first = max(1, total - count + 1)
    if reader.size - reader.line_start(first) <= MAX_READ_BYTES:
        return first
    return min(total, reader.line_number(reader.size - MAX_READ_BYTES) + 1)


def _first_since(reader: LogReader, since: int) -> int:
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
