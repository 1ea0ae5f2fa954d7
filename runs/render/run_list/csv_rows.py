"""Rows of logged values as CSV, in pieces: sent line by line, a million take a minute.

How a value is written, and what is kept from being a formula, is said by `sheets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from runs.render.run_list.sheets import Column, csv_cell, csv_lines, escape_formula

#: Rows that are sent at once.
MAX_PIECE_CHARS = 5_000
_VALUE = Column("value", "")


def csv_pieces(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows, whose cells are ready to be written."""
    left = iter(rows)
    while piece := list(islice(left, MAX_PIECE_CHARS)):
        yield csv_lines(piece)


def value_cell(value: Any) -> str:
    """What was logged: a number, a text, a truth; a row or a list as JSON."""
    if isinstance(value, (dict, list)):
        return escape_formula(msgspec.json.encode(value).decode())
    return csv_cell(_VALUE, value)
