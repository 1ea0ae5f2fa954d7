"""The text of logs as it is searched: blocks of whole lines, as viewers show them.

Colors and other codes are left out. Each state of a progress bar counts as a line, also
those that later states replaced, as in the search in one log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from runs.models.grams import lower_case
from runs.render.logs import decode_line, plain_text
from runs.storage.logs import LogReader

#: The most bytes of a block. It ends with the last line end in them.
BLOCK_BYTES = 64 * 1024
#: A longer line is in several blocks. They overlap, so that a text is whole in one.
OVERLAP_BYTES = 8 * 1024
#: Letters in lower case that have the same capital letter as others.
_SAME = dict(
    zip(
        "ſµ\u0345\u1fbeϐϵϑϰϖϱϕẛ\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88",
        "sμιιβεθκπρφṡвдосттъѣꙋ",
        strict=True,
    )
)
_VARIANTS = re.compile("[" + "".join(_SAME) + "]")
_STATE_ENDS = re.compile(r"[\r\n]")
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
        size = reader.find_last_line_end(data)
        yield start, start + (size or len(data)), data[: size or len(data)]
        start += size or len(data) - OVERLAP_BYTES


def block_text(data: bytes, encoding: str, *, is_first: bool = False) -> str:
    """The text of a block: the states of its lines, each as a line of its own."""
    text = decode_line(data, encoding, is_first=is_first)
    if encoding == "utf-8" and not _SPECIAL.search(data):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        # Line by line, so that a code without an end takes only the rest of its line.
        lines = text.split("\n")
        text = "\n".join(plain_text(each) if "\x1b" in each else each for each in lines)
    return plain_text(text)


def lines_of_states(data: bytes, encoding: str) -> list[int]:
    """By line of the block's text the line of the log that it is a state of, from 0."""
    text = decode_line(data, encoding).replace("\r\n", "\n")
    ends = (found[0] == "\n" for found in _STATE_ENDS.finditer(text))
    return [0, *accumulate(ends)]


def folded(text: str) -> str:
    """In lower case, as the index and searches compare texts.

    Characters that RE2 takes for the same, if the case is ignored, become the same.
    """
    lowered = lower_case(text) or ""
    if lowered.isascii():
        return lowered
    return _VARIANTS.sub(lambda found: _SAME[found[0]], lowered)
