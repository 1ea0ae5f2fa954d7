"""Find the line of a moment, by bisection over the time stamps of a log."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from runs.render.logs import (
    LineContext,
    LogLine,
    read_lines,
)
from runs.search.logs.log_source import LogShape
from runs.search.logs.raw_lines import iterate_raw_lines
from runs.storage.logs import LogReader

#: Lines without a stamp are skipped up to this many bytes: a long traceback, a table.
SKIPPED_BYTES = 256 * 1024
#: And up to this many, since short ones cost as much as long ones.
SKIPPED_LINES = 4000
#: The last part of the log is read line by line.
READ_BYTES = 32 * 1024


def find_line_at(reader: LogReader, shape: LogShape, time: int) -> int | None:
    """Return the last line that was written until `time` (ms since the epoch).

    That is the first line with a stamp if all are later, and None if the log has no
    stamps. Stamps of several writers can be mixed a little: the line is then near.
    """
    low, high = 0, reader.size
    while high - low > READ_BYTES:
        middle = (low + high) // 2
        found = _first_stamp(reader, shape, middle, high)
        if found is None or (found.time or 0) > time:
            high = middle
        else:
            low = found.start
    return _last_line_until(reader, shape, low, time)


def _first_stamp(
    reader: LogReader, shape: LogShape, byte: int, limit: int
) -> LogLine | None:
    """Return the first line with a stamp that starts at or after a byte."""
    start = reader.line_stop(byte - 1) if byte else 0
    end = min(limit, start + SKIPPED_BYTES)
    for line in islice(_lines_from(reader, shape, start), SKIPPED_LINES):
        if line.start >= end:
            return None
        if line.time is not None:
            return line
    return None


def _last_line_until(
    reader: LogReader, shape: LogShape, start: int, time: int
) -> int | None:
    found: int | None = None
    read_end = start + READ_BYTES
    skipped = 0
    for line in _lines_from(reader, shape, start):
        if line.time is not None and line.time > time:
            return line.number if found is None else found
        if line.time is not None:
            found = line.number
        skipped += line.start > read_end
        if skipped > SKIPPED_LINES or line.start > read_end + SKIPPED_BYTES:
            break
    return found


def _lines_from(reader: LogReader, shape: LogShape, start: int) -> Iterator[LogLine]:
    context = LineContext(reader.encoding, shape.clock)
    raw_lines = iterate_raw_lines(reader, start, reader.line_number(start))
    return read_lines(raw_lines, context)
