"""The bytes of a log's lines, in order; very long lines in part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runs.render.logs import RawLine
from runs.storage.logs import LogReader

READ_BYTES = 256 * 1024
#: A line that is not whole in one read is shown by this much of its start and end.
LONG_LINE_PART_BYTES = 64 * 1024
#: The states of a progress bar are counted in lines up to this size.
MAX_COUNTED_BYTES = 64 * 1024 * 1024


def iterate_raw_lines(reader: LogReader, start: int, number: int) -> Iterator[RawLine]:
    """Yield the lines from the byte at which line `number` starts."""
    while start < reader.size:
        data = reader.read(start, start + READ_BYTES)
        if not data:
            return
        whole = False
        for line in split_lines(data, reader, start, number):
            yield line
            whole, number = True, number + 1
            start = line.start + line.size
        if not whole:
            line = _read_long_line(reader, data, start, number)
            yield line
            start, number = max(line.start + line.size, start + 1), number + 1


def split_lines(
    data: bytes, reader: LogReader, start: int, number: int
) -> Iterator[RawLine]:
    """Yield the lines that end in `data`; `size` includes the line end."""
    at = 0
    for end in reader.find_line_ends(data):
        text = data[at : end - len(reader.line_end)]
        yield RawLine(number, start + at, text, end - at)
        at, number = end, number + 1


def _read_long_line(reader: LogReader, data: bytes, start: int, number: int) -> RawLine:
    """Read a line that doesn't end in `data`: the last one, or a very long one."""
    stop = reader.line_stop(start)
    size = stop - start
    if size <= len(data):
        return RawLine(number, start, data, size)
    tail = reader.read(stop - LONG_LINE_PART_BYTES, stop)
    line = RawLine(number, start, data[:LONG_LINE_PART_BYTES], size, tail)
    if b"\r" not in line.data:
        return line
    return replace(line, updates=_count_updates(reader, start, stop))


def _count_updates(reader: LogReader, start: int, stop: int) -> int | None:
    if stop - start > MAX_COUNTED_BYTES:
        return None
    return sum(
        reader.read(at, min(at + READ_BYTES, stop)).count(b"\r")
        for at in range(start, stop, READ_BYTES)
    )
