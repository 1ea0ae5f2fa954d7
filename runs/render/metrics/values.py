"""A series' head as it is shown: last, least and greatest value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard
from urllib.parse import unquote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render.text.numbers import aligned, number

Value = float | int | str | bool | None

MISSING = "–"
LONGEST = 60
#: What metrics are whose content is a file of the run.
WORDS = {
    "image": lambda: _("image"),
    "confusion_matrix": lambda: _("matrix"),
    "accuracy_table": lambda: _("curves"),
    "residuals": lambda: _("histogram"),
    "predictions": lambda: _("predictions"),
}


@dataclass(frozen=True)
class Shown:
    """A value's text; `full` is every digit of it; `bad` marks what is no number."""

    text: str
    full: str = ""
    bad: bool = False


class Head(Protocol):
    kind: str
    count: int
    last: float | None
    last_is_nan: bool
    last_text: str | None
    min: float | None
    max: float | None


def heads_shown(head: Head) -> tuple[Shown, Shown, Shown]:
    return last_shown(head), shown(head.min), shown(head.max)


def last_shown(head: Head) -> Shown:
    """A table is its number of rows, an image or matrix a word for what it is."""
    if head.kind == "table":
        rows = ngettext("%(n)s row", "%(n)s rows", head.count) % {"n": head.count}
        return Shown(rows)
    if head.kind in WORDS:
        address = head.last_text or ""
        return Shown(WORDS[head.kind](), unquote(address.rpartition("/")[2]))
    if head.last_text is not None:
        return shown(head.last_text)
    return shown(math.nan if head.last_is_nan else head.last)


def shown(value: Value) -> Shown:
    if value is None:
        return Shown(MISSING)
    if not is_number(value):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Shown(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", text)
    odd = isinstance(value, float) and not math.isfinite(value)
    return Shown(number(value), number(value) if odd else repr(value), odd)


def logged_shown(value: Value) -> Shown:
    """A value that was logged, which may be null."""
    return Shown("null") if value is None else shown(value)


def column_shown(cells: Sequence[tuple[Value] | None]) -> list[Shown]:
    """A column of values with the same decimals; None where nothing was logged."""
    numbers = [
        cell[0] if cell is not None and is_number(cell[0]) else None for cell in cells
    ]
    texts = aligned(numbers)
    return [_in_column(cell, text) for cell, text in zip(cells, texts, strict=True)]


def _in_column(cell: tuple[Value] | None, text: str | None) -> Shown:
    if cell is None:
        return Shown(MISSING)
    found = logged_shown(cell[0])
    return found if text is None else replace(found, text=text)


def is_number(value: Value) -> TypeGuard[float | int]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
