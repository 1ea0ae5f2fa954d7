"""Bytes of a file as lines of text. Nothing here is trusted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: A longer line is cut: one of a hundred megabytes would stop the browser.
MAX_LINE_CHARS = 10_000
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


@dataclass(frozen=True)
class TextLines:
    """Numbered lines; of a file that is too long the first and the last ones.

    `skipped` counts the bytes between them. The last ones have no numbers if the
    lines between are not counted.
    """

    first: Sequence[tuple[int, str]]
    last: Sequence[tuple[int | None, str]] = ()
    skipped: int = 0


def is_binary(head: bytes) -> bool:
    # UTF-16, which begins with a byte order mark, has NUL bytes in every Latin text.
    return b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def decode_text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    # Without `-sig`, a byte order mark would belong to the first column's name.
    return data.decode("utf-8-sig", errors="replace")


def numbered_lines(text: str, first: int = 1) -> list[tuple[int, str]]:
    return list(enumerate(_terminal_lines(text), start=first))


def lines_of_both_ends(
    head: bytes, tail: bytes, skipped: int, between: int | None
) -> TextLines:
    """Lines of a file's two ends; `between` is the number of line ends in between."""
    first = numbered_lines(decode_text(head))
    shown = _terminal_lines(decode_text(tail))
    if between is None:
        return TextLines(first, [(None, line) for line in shown], skipped)
    start = head.count(b"\n") + between + 1
    return TextLines(first, [*enumerate(shown, start=start)], skipped)


def _terminal_lines(text: str) -> list[str]:
    parts = text.split("\n")
    # A final line end closes the last line, and opens no empty one.
    if parts[-1] == "":
        parts.pop()
    return [_terminal_line(part) for part in parts]


def _terminal_line(line: str) -> str:
    """As a terminal would leave it: the last state of a progress bar, no codes."""
    # The last carriage return belongs to a line end of Windows and overwrites nothing.
    line = line.removesuffix("\r").rpartition("\r")[2]
    line = _ANSI.sub("", line)
    return line if len(line) <= MAX_LINE_CHARS else f"{line[:MAX_LINE_CHARS]}…"
