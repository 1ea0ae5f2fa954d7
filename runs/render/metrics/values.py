"""A series' head as it is shown: last, least and greatest value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard
from urllib.parse import unquote

from django.utils.translation import ngettext, pgettext

from runs.render.formats import MISSING, align_decimals, number

Value = float | int | str | bool | None

MAX_TEXT_CHARS = 60
#: What metrics are whose content is a file of the run.
KIND_LABELS = {
    "image": lambda: pgettext("content of a metric", "image"),
    "confusion_matrix": lambda: pgettext("content of a metric", "matrix"),
    "accuracy_table": lambda: pgettext("content of a metric", "curves"),
    "residuals": lambda: pgettext("content of a metric", "histogram"),
    "predictions": lambda: pgettext("content of a metric", "predictions"),
}


@dataclass(frozen=True)
class DisplayValue:
    """A value's text; `full` is every digit of it; `bad` marks what is no number."""

    text: str
    full: str = ""
    bad: bool = False


class MetricHead(Protocol):
    kind: str
    count: int
    last: float | None
    last_is_nan: bool
    last_text: str | None
    min: float | None
    max: float | None


def display_summary(
    head: MetricHead,
) -> tuple[DisplayValue, DisplayValue, DisplayValue]:
    return display_last(head), display_value(head.min), display_value(head.max)


def display_last(head: MetricHead) -> DisplayValue:
    """A table is its number of rows, an image or matrix a word for what it is."""
    if head.kind == "table":
        rows = ngettext("%(n)s row", "%(n)s rows", head.count) % {"n": head.count}
        return DisplayValue(rows)
    if head.kind in KIND_LABELS:
        # The last value of such a series is the path or address of a file.
        address = head.last_text or ""
        return DisplayValue(
            KIND_LABELS[head.kind](), unquote(address.rpartition("/")[2])
        )
    if head.last_text is not None:
        return display_value(head.last_text)
    # SQLite stores NaN as NULL, so a column of its own tells the two apart.
    return display_value(math.nan if head.last_is_nan else head.last)


def display_value(value: Value) -> DisplayValue:
    if value is None:
        return DisplayValue(MISSING)
    if not is_number(value):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return DisplayValue(
            text if len(text) <= MAX_TEXT_CHARS else f"{text[:MAX_TEXT_CHARS]}…", text
        )
    is_nonfinite = isinstance(value, float) and not math.isfinite(value)
    return DisplayValue(
        number(value), number(value) if is_nonfinite else repr(value), is_nonfinite
    )


def display_logged_value(value: Value) -> DisplayValue:
    """A value that was logged, which may be null."""
    return DisplayValue("null") if value is None else display_value(value)


def display_column(cells: Sequence[tuple[Value] | None]) -> list[DisplayValue]:
    """A column of values with the same decimals; None where nothing was logged."""
    numbers = [
        cell[0] if cell is not None and is_number(cell[0]) else None for cell in cells
    ]
    texts = align_decimals(numbers)
    return [_aligned_value(cell, text) for cell, text in zip(cells, texts, strict=True)]


def _aligned_value(cell: tuple[Value] | None, text: str | None) -> DisplayValue:
    if cell is None:
        return DisplayValue(MISSING)
    found = display_logged_value(cell[0])
    return found if text is None else replace(found, text=text)


def is_number(value: Value) -> TypeGuard[float | int]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
