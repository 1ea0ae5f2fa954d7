"""Rows for programs and terminals: JSON, CSV, a table of aligned text.

Logged values are sent in pieces: line by line, a million rows take a minute.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any

import msgspec

from runs.render import formats

TEXT_COLUMN, NUMBER_COLUMN = "text", "number"
TIME_COLUMN, DURATION_COLUMN = "time", "duration"
#: A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: A number with its sign begins like a formula and is none.
_NUMBER = re.compile(r"[+-](?:\d+\.?\d*(?:[eE][+-]?\d+)?|Infinity)", re.ASCII)
_WIDEST = 48


@dataclass(frozen=True)
class SheetColumn:
    """`name` is the field's in the filter language, `kind` says how it is written."""

    name: str
    label: str
    kind: str = TEXT_COLUMN


@dataclass(frozen=True)
class Sheet:
    """Values by column: text, numbers, booleans, ms for times and durations.

    Tags and counts are mappings. What a row lacks is None.
    """

    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[Any, ...], ...]


def sheet_as_records(sheet: Sheet) -> list[dict[str, Any]]:
    """What JSON shows: a dictionary a row, without what the row lacks."""
    names = [column.name for column in sheet.columns]
    return [
        {n: json_value(v) for n, v in zip(names, row, strict=True) if v is not None}
        for row in sheet.rows
    ]


def sheet_as_csv(sheet: Sheet) -> str:
    """RFC 4180; times in ISO 8601, UTC, durations in seconds."""
    head = [escape_formula(column.name) for column in sheet.columns]
    rows = (
        [csv_cell(c, v) for c, v in zip(sheet.columns, row, strict=True)]
        for row in sheet.rows
    )
    return csv_lines([head, *rows])


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows whose cells are ready to be written."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def sheet_as_text(sheet: Sheet, zone: tzinfo, rule: str = "  ") -> str:
    """Aligned for a terminal, as the page writes it; times on the reader's clock."""
    lines = [[column.label for column in sheet.columns]]
    texts = [_column_texts(c, sheet, n, zone) for n, c in enumerate(sheet.columns)]
    lines += [list(row) for row in zip(*texts, strict=True)]
    # A logged text could hold escape codes, which a terminal would run.
    lines = [[_printable_text(cell) for cell in line] for line in lines]
    widths = [max(map(_display_width, column)) for column in zip(*lines, strict=True)]
    numeric = (NUMBER_COLUMN, DURATION_COLUMN)
    right = [column.kind in numeric for column in sheet.columns]
    drawn = (
        rule.join(
            _pad_text(cell, width, to_right)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )
    return "\n".join(drawn) + "\n"


def sheet_as_text_cells(sheet: Sheet, zone: tzinfo) -> list[list[tuple[str, str]]]:
    """Rows of cells as people read them, each with the kind of its column."""
    columns = [
        [(column.kind, text) for text in _column_texts(column, sheet, n, zone)]
        for n, column in enumerate(sheet.columns)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:
    """As JSON takes it: NaN and infinities by their words."""
    if isinstance(value, float) and not math.isfinite(value):
        return formats.nonfinite_word(value)
    return dict(value) if isinstance(value, Mapping) else value


def csv_cell(column: SheetColumn, value: Any) -> str:
    if value is None or type(value) is str:
        return escape_formula(value or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.kind == TIME_COLUMN and isinstance(value, int):
        return iso_time(value)
    if column.kind == DURATION_COLUMN and isinstance(value, (int, float)):
        return str(value / 1000)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else formats.nonfinite_word(value)
    return str(value) if isinstance(value, int) else escape_formula(_value_text(value))


def iso_time(time: int) -> str:
    """Milliseconds since the epoch as ISO 8601, UTC."""
    at = datetime.fromtimestamp(time / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def escape_formula(text: str) -> str:
    """A text that a spreadsheet would take for a formula is kept from being one."""
    is_formula = text.startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def _value_text(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return ", ".join(k if v in (None, "") else f"{k}: {v}" for k, v in value.items())


def _column_texts(
    column: SheetColumn, sheet: Sheet, place: int, zone: tzinfo
) -> Sequence[str]:
    values = [row[place] for row in sheet.rows]
    if column.kind != NUMBER_COLUMN:
        return [_cell_text(column, value, zone) for value in values]
    plain = [v if _is_number(v) else None for v in values]
    return [
        shown if shown is not None else _cell_text(column, value, zone)
        for value, shown in zip(values, formats.align_decimals(plain), strict=True)
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell_text(column: SheetColumn, value: Any, zone: tzinfo) -> str:
    if value is None or value == "":
        return formats.MISSING
    if column.kind == TIME_COLUMN and isinstance(value, int):
        return formats.local_time(value, zone).strftime("%Y-%m-%d %H:%M")
    if column.kind == DURATION_COLUMN and isinstance(value, int):
        return formats.duration(value)
    words = _value_text(value).partition("\n")[0]
    return words if len(words) <= _WIDEST else words[: _WIDEST - 1] + "…"


def _printable_text(text: str) -> str:
    """Without what a terminal would obey instead of showing."""
    # Control codes, and also characters that change the direction or break the line.
    kinds = ("Cc", "Cf", "Zl", "Zp")
    return "".join("�" if unicodedata.category(c) in kinds else c for c in text)


def _display_width(text: str) -> int:
    """The columns of a terminal that it takes."""
    return sum(
        0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def _pad_text(text: str, width: int, to_right: bool) -> str:
    blank = " " * (width - _display_width(text))
    return blank + text if to_right else text + blank


#: Rows that are sent at once.
MAX_PIECE_ROWS = 5_000
_VALUE = SheetColumn("value", "")


def csv_pieces(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows, whose cells are ready to be written."""
    left = iter(rows)
    while piece := list(islice(left, MAX_PIECE_ROWS)):
        yield csv_lines(piece)


def logged_value_cell(value: Any) -> str:
    """What was logged: a number, a text, a truth; a row or a list as JSON."""
    if isinstance(value, (dict, list)):
        return escape_formula(msgspec.json.encode(value).decode())
    return csv_cell(_VALUE, value)
