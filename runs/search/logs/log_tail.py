"""The last lines of a log whose lines are not counted yet, and a part of the count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runs.render.logs import LineContext, LogLine, RawLine, read_lines
from runs.search.logs.log_source import LogSource, read_shape
from runs.search.logs.raw_lines import split_lines
from runs.storage.logs import BLOCK_BYTES, LogReader

#: Blocks whose lines one request counts: 128 MB, which take about 40 ms.
COUNTED_BLOCKS = 2048
TAIL_BYTES = 64 * 1024
TAIL_LINES = 300


@dataclass(frozen=True)
class LogTail:
    """The last lines, with numbers that say nothing; the last `left` bytes of `size`
    are not counted.
    """

    lines: tuple[LogLine, ...]
    left: int
    size: int

    @property
    def percent(self) -> int:
        return 100 * (self.size - self.left) // self.size


def read_tail(source: LogSource) -> LogTail | None:
    """Count more lines, and read the last ones; None if all lines are counted.

    Releases before the line index, and backups, leave logs without counted lines.
    Raises MissingBytes, OSError.
    """
    if source.size <= COUNTED_BLOCKS * BLOCK_BYTES:
        return None
    with source.open() as reader:
        left = reader.count_more(COUNTED_BLOCKS)
        if not left:
            return None
        clock = read_shape(reader, source.started).clock
        lines = read_lines(_last_lines(reader), LineContext(reader.encoding, clock))
        return LogTail(tuple(lines)[-TAIL_LINES:], left, source.size)


def _last_lines(reader: LogReader) -> Iterator[RawLine]:
    start = max(reader.size - TAIL_BYTES, 0)
    start += start % len(reader.line_end)
    data = reader.read(start, reader.size)
    ends = reader.find_line_ends(data)
    # Without a line end, this is the end of one very long line.
    first = ends[0] if ends and ends[0] < len(data) else 0
    data, start, last = data[first:], start + first, 0
    for line in split_lines(data, reader, start, 1):
        yield line
        last = line.start + line.size - start
    if last < len(data):
        yield RawLine(0, start + last, data[last:], len(data) - last)
