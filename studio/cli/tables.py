"""Tables in plain text that fit the terminal, also with wide characters."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence

GAP = "  "
#: Narrower columns say nothing; the last ones are left out instead.
MIN_COLUMN = 8
ELLIPSIS = "…"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NAMES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def terminal_width() -> int:
    """The columns of the terminal; 0 for no limit, as in a pipe."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0


def one_line(text: str) -> str:
    """The text without characters that a terminal would obey."""
    return _UNPRINTABLE.sub(
        lambda found: _NAMES.get(found[0], f"\\u{ord(found[0]):04x}"), text
    )


def format_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> str:
    """Lines of aligned columns, at most `width` wide (0: as wide as needed)."""
    lines = [[one_line(cell) for cell in row] for row in rows]
    # Titles can be keys of the server's data.
    head = [[one_line(title) for title in titles]] if titles else []
    columns = len(lines[0] if lines else titles)
    widths = [
        max(text_width(line[index]) for line in [*head, *lines])
        for index in range(columns)
    ]
    widths = _fit(widths, width) if width else widths
    if titles:
        head.append(["-" * size for size in widths])
    return "\n".join(_format_line(line, widths) for line in [*head, *lines])


def format_fields(fields: Sequence[tuple[str, str]], width: int) -> str:
    """A line per field; long values continue on the next lines."""
    names = [one_line(name) for name, _ in fields]
    size = max(map(text_width, names), default=0)
    if width:
        size = min(size, max(MIN_COLUMN, width // 2))
    room = max(1, width - size - len(GAP)) if width else 0
    lines = []
    for name, (_, value) in zip(names, fields):
        first, *others = _wrap(value, room)
        lines.append(f"{_pad(name, size)}{GAP}{first}".rstrip())
        lines += [f"{' ' * size}{GAP}{other}" for other in others]
    return "\n".join(lines)


def _wrap(text: str, room: int) -> list[str]:
    """The lines of a text, each at most `room` wide (0: no limit)."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        current, used = "", 0
        for character in one_line(line):
            size = _character_width(character)
            if room and current and used + size > room:
                lines.append(current)
                current, used = "", 0
            current += character
            used += size
        lines.append(current)
    return lines


def text_width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fit(widths: list[int], limit: int) -> list[int]:
    """Leave out the last columns, and narrow the widest of the others.

    The first column, which names the row, stays whole if two others fit next to it.
    """
    whole = min(len(widths), int(widths[0] + 2 * (len(GAP) + MIN_COLUMN) <= limit))
    kept = list(widths)
    while len(kept) > 1 and _least_width(kept, whole) > limit:
        kept.pop()
    while sum(kept) + len(GAP) * (len(kept) - 1) > limit:
        narrowed = kept[whole:]
        if max(narrowed, default=0) <= 1:
            break
        kept[whole + narrowed.index(max(narrowed))] -= 1
    return kept


def _least_width(widths: list[int], whole: int) -> int:
    """How wide the table is at least, if the first `whole` columns are not cut."""
    sizes = [*widths[:whole], *(min(size, MIN_COLUMN) for size in widths[whole:])]
    return sum(sizes) + len(GAP) * (len(sizes) - 1)


def _format_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    texts = [_pad(cell, width) for cell, width in zip(cells, widths)]
    return GAP.join(texts).rstrip()


def _pad(text: str, width: int) -> str:
    size = text_width(text)
    if size <= width:
        return text + " " * (width - size)
    cut = ""
    used = 0
    for character in text:
        used += _character_width(character)
        if used > width - 1:
            break
        cut += character
    return cut + ELLIPSIS + " " * (width - 1 - text_width(cut))
