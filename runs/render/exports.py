"""The rows of an export as they are sent, a chunk at a time: CSV, JSON and Parquet.

A chunk has a list of values for each column. The bytes of a chunk are made and gone
before the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from runs.render import sheets
from runs.render.sheets import Column

Chunk = Sequence[Sequence[Any]]


def csv_parts(columns: Sequence[Column], chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """As `sheets.as_csv`: RFC 4180, times in ISO 8601, nothing that is a formula."""
    head: list[Chunk] = [[[sheets.harmless(column.name)] for column in columns]]
    written = ([*map(_csv_column, columns, chunk)] for chunk in chunks)
    for chunk in chain(head, written):
        yield sheets.csv_lines(zip(*chunk, strict=True)).encode()


def _csv_column(column: Column, values: Sequence[Any]) -> list[str]:
    return [sheets.csv_cell(column, value) for value in values]


def json_parts(
    columns: Sequence[Column], chunks: Iterable[Chunk], told: dict[str, Any]
) -> Iterator[bytes]:
    """One object, as a page's JSON, whose rows come as they are read."""
    names = [column.name for column in columns]
    begin = json.dumps({"columns": names, **told}, ensure_ascii=False)[:-1]
    yield f'{begin}, "rows": ['.encode()
    divider = "\n"
    for chunk in chunks:
        rows = [
            {n: sheets.plain_value(v) for n, v in zip(names, row, strict=True)}
            for row in zip(*chunk, strict=True)
        ]
        lines = (
            json.dumps(
                {n: v for n, v in row.items() if v is not None},
                ensure_ascii=False,
                allow_nan=False,
            )
            for row in rows
        )
        text = divider + ",\n".join(lines)
        divider = ",\n"
        yield text.encode(errors="surrogatepass")
    yield b"\n]}\n"
