"""The first rows of a logged table: CSV, TSV, and the JSON of MLflow's `log_table`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from runs.render.formats import number

MAX_ROWS, MAX_COLUMNS, MAX_CELL_CHARS = 100, 50, 300


@dataclass(frozen=True)
class MediaTable:
    """`rows` are cells as text, with whether each is a number."""

    heads: list[str]
    rows: list[list[tuple[str, bool]]]
    is_whole: bool = True


def read_json_table(text: str) -> MediaTable | None:
    """Read `{"columns": […], "data": [[…], …]}`; None for any other document."""
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
    return _table(heads, rows, is_whole=len(data) <= MAX_ROWS)


def read_csv_table(text: str, *, delimiter: str) -> MediaTable | None:
    """Read the head and the first rows; None if there are none."""
    lines = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        rows: list[list[Any]] = list(islice(lines, MAX_ROWS + 2))
    except csv.Error:
        return None
    if not any(rows):
        return None
    return _table(rows[0], rows[1 : MAX_ROWS + 1], is_whole=len(rows) <= MAX_ROWS + 1)


def _table(
    heads: list[Any], rows: Iterable[list[Any]], *, is_whole: bool
) -> MediaTable:
    return MediaTable(
        [_cell(head)[0] for head in heads[:MAX_COLUMNS]],
        [[_cell(value) for value in row[:MAX_COLUMNS]] for row in rows],
        is_whole and len(heads) <= MAX_COLUMNS,
    )


def _cell(value: Any) -> tuple[str, bool]:
    if isinstance(value, float):
        return number(value), True
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return number(value), True
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…", False
