"""The first rows of a table in CSV, or in the JSON that MLflow's `log_table` writes."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from runs.render.formats import nonfinite_word

MAX_ROWS, MAX_COLUMNS, MAX_CELL_CHARS = 200, 50, 300


@dataclass(frozen=True)
class PreviewTable:
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_whole: bool = True


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
