"""Bytes of a file as lines, tables and the like. Nothing here is trusted."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from runs.render.formats import nonfinite_word

MAX_ROWS, MAX_COLUMNS, MAX_CELL_CHARS = 200, 50, 300
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


@dataclass(frozen=True)
class PreviewTable:
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_whole: bool = True


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


def pretty_json(text: str) -> str | None:
    """The document with its indents; None if it is none, or nested beyond reason."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def json_table(text: str) -> PreviewTable | None:
    """What MLflow's `log_table` writes: `{"columns": [...], "data": [[...]]}`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.keys() != {"columns", "data"}:
        return None
    heads, data = found["columns"], found["data"]
    if not isinstance(heads, list) or not isinstance(data, list):
        return None
    rows = [row if isinstance(row, list) else [row] for row in data[:MAX_ROWS]]
    return PreviewTable(
        [_cell_text(head) for head in heads[:MAX_COLUMNS]],
        [[_cell_text(value) for value in row[:MAX_COLUMNS]] for row in rows],
        len(data) <= MAX_ROWS and len(heads) <= MAX_COLUMNS,
    )


def csv_table(text: str, *, delimiter: str, is_whole: bool) -> PreviewTable | None:
    """The first rows; a half row at the end of a cut text is left out."""
    if not is_whole:
        text = text.rpartition("\n")[0]
    try:
        rows = list(_read_first_rows(text, delimiter))
    except csv.Error:
        return None
    if not any(rows):
        return None
    whole = is_whole and len(rows) <= MAX_ROWS and len(rows[0]) <= MAX_COLUMNS
    cells = [[_cell_text(value) for value in row[:MAX_COLUMNS]] for row in rows]
    return PreviewTable(cells[0], cells[1 : MAX_ROWS + 1], whole)


def _read_first_rows(text: str, delimiter: str) -> list[list[str]]:
    rows = []
    for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
        rows.append(row)
        # The head, the rows, and one more, which tells that the table is cut.
        if len(rows) > MAX_ROWS + 1:
            break
    return rows


def _cell_text(value: object) -> str:
    if isinstance(value, float) and math.isnan(value):
        return nonfinite_word(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
