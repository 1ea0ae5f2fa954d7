"""What was logged, as cells of CSV: one rule for every download."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.render.run_list.sheets import MAX_PIECE_ROWS, csv_pieces, logged_value_cell

CELLS: list[tuple[Any, str]] = [
    (None, ""),
    (True, "true"),
    (-0.5, "-0.5"),
    (2**70, str(2**70)),
    (math.nan, "NaN"),
    (-math.inf, "-Infinity"),
    ("=cmd", "'=cmd"),
    ("\n=cmd", "'\n=cmd"),
    ("-0.5", "-0.5"),
    ("-0.5+x", "'-0.5+x"),
    ([1, "=x"], '[1,"=x"]'),
    ({"a": None}, '{"a":null}'),
]


@pytest.mark.parametrize(("value", "cell"), CELLS)
def test_a_logged_value_is_exported_exactly(value: Any, cell: str) -> None:
    assert logged_value_cell(value) == cell


def test_rows_are_streamed_in_chunks() -> None:
    pieces = list(csv_pieces((n, 'a "b"') for n in range(MAX_PIECE_ROWS + 1)))
    assert [piece.count("\r\n") for piece in pieces] == [MAX_PIECE_ROWS, 1]
    assert pieces[1] == f'{MAX_PIECE_ROWS},"a ""b"""\r\n'
