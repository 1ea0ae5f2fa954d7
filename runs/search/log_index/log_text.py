"""The text of logs as it is searched: blocks of whole lines, as viewers show them.

Colors and other codes are left out. Each state of a progress bar counts as a line, also
those that later states replaced, as in the search in one log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runs.models.grams import lower_case
from runs.render.logs import decode_line, plain_text
from runs.storage.logs import LogReader

#: The most bytes of a block. It ends with the last line end in them.
BLOCK_BYTES = 64 * 1024
#: A longer line is in several blocks. They overlap, so that a text is whole in one.
OVERLAP_BYTES = 8 * 1024
#: Bytes that a text shows differently, or not at all.
_SPECIAL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


def split_blocks(reader: LogReader, start: int) -> Iterator[tuple[int, int, bytes]]:
    """The blocks from a byte on, which starts a block: first byte, end, and bytes."""
    while start < reader.size:
        data = reader.read(start, start + BLOCK_BYTES)
        if not data:
            return
        if start + len(data) >= reader.size:
            yield start, start + len(data), data
            return
        size = _end_of_lines(data, reader.line_end)
        yield start, start + (size or len(data)), data[: size or len(data)]
        start += size or len(data) - OVERLAP_BYTES


def _end_of_lines(data: bytes, line_end: bytes) -> int:
    """The byte after the last line end; 0 if there is none."""
    at = data.rfind(line_end)
    # Half of a character of two bytes can look like a line end.
    while at >= 0 and at % len(line_end):
        at = data.rfind(line_end, 0, at + len(line_end) - 1)
    return at + len(line_end) if at >= 0 else 0


def block_text(data: bytes, encoding: str, *, is_first: bool = False) -> str:
    """The text of a block: the states of its lines, each as a line of its own."""
    text = decode_line(data, encoding, is_first=is_first)
    if encoding == "utf-8" and not _SPECIAL.search(data):
        return text
    return "\n".join(state for _line, state in _states(text))


def lines_of_states(data: bytes, encoding: str) -> list[int]:
    """By line of the block's text the line of the log that it is a state of, from 0."""
    return [line for line, _state in _states(decode_line(data, encoding))]


def _states(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n")):
        states = [state for state in line.split("\r") if state] or [""]
        for state in states:
            yield number, plain_text(state)


def folded(text: str) -> str:
    """In lower case, as the index and searches compare texts."""
    return lower_case(text) or ""
