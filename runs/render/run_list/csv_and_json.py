"""The rows of an export as they are sent, a chunk at a time: CSV, JSON and Parquet.

A chunk has a list of values for each column. The bytes of a chunk are made and gone
before the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from runs.render.run_list.sheets import (
    FORMULA_STARTS,
    SheetColumn,
    csv_cell,
    csv_lines,
    escape_formula,
    json_value,
)

ExportChunk = Sequence[Sequence[Any]]


def csv_parts(
    columns: Sequence[SheetColumn], chunks: Iterable[ExportChunk]
) -> Iterator[bytes]:
    """As `sheet_as_csv`: RFC 4180, times in ISO 8601, nothing that is a formula."""
    head: list[ExportChunk] = [[[escape_formula(column.name)] for column in columns]]
    written = ([*map(_csv_column, columns, chunk)] for chunk in chunks)
    for chunk in chain(head, written):
        yield csv_lines(zip(*chunk, strict=True)).encode()


def _csv_column(column: SheetColumn, values: Sequence[Any]) -> list[str]:
    """As `csv_cell`, without a call for what is missing and for harmless texts."""
    return [
        ""
        if value is None
        else value
        if type(value) is str and value[:1] not in FORMULA_STARTS
        else csv_cell(column, value)
        for value in values
    ]


def json_parts(
    columns: Sequence[SheetColumn],
    chunks: Iterable[ExportChunk],
    details: dict[str, Any],
) -> Iterator[bytes]:
    """One object, as a page's JSON, whose rows come as they are read."""
    names = [column.name for column in columns]
    # Without the closing brace, because the rows follow inside the same object.
    begin = json.dumps({"columns": names, **details}, ensure_ascii=False)[:-1]
    yield f'{begin}, "rows": ['.encode()
    divider = "\n"
    # One encoder for all rows: `json.dumps` with options would create one for each.
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    for chunk in chunks:
        written = zip(*map(_json_column, chunk), strict=True)
        lines = (
            encode({n: v for n, v in zip(names, row, strict=True) if v is not None})
            for row in written
        )
        text = divider + ",\n".join(lines)
        divider = ",\n"
        # Half a surrogate pair in a logged text must not break the file in the middle.
        yield text.encode(errors="surrogatepass")
    yield b"\n]}\n"


#: What JSON takes as it is; asked by type, for a million rows.
_PLAIN = frozenset({str, int, bool, type(None), dict})


def _json_column(values: Sequence[Any]) -> list[Any]:
    return [v if type(v) in _PLAIN else json_value(v) for v in values]
