"""The rules by which numbers are written for reading: the only table of them.

Cells, axes, tooltips and exports for reading follow it. Raw exports have every digit.

| number | cell | axis, tooltip |
|---|---|---|
| whole, below 10¹² | all digits, `1,234,567,894` | the same |
| other, 0.001 to 10¹² | 4 significant digits, `0.8137` | tooltip: 6 |
| smaller or larger | `4.2e-5`, `3.1e+303` | the same notation |
| NaN, Infinity | the word | the word, at the edge |

The numbers of a column have the same decimals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format

#: Significant digits in cells, and in tooltips of charts.
DIGITS, TOOLTIP_DIGITS = 4, 6
#: Beyond these a number is written with an exponent.
SMALLEST, LARGEST = 1e-3, 1e12
#: A column gets more decimals for its small numbers only below this size.
LARGEST_WITH_SMALL = 1e3


def number(value: float | int) -> str:
    """Four significant digits without trailing zeros; whole numbers whole."""
    if isinstance(value, float) and not math.isfinite(value):
        return nonfinite_word(value)
    size = abs(value)
    if size == 0:
        return "0"
    if not needs_no_exponent(value):
        return _with_exponent(value)
    # Large counts keep all their digits, as `1,284` steps.
    if value == int(value):
        return grouped(int(value))
    return number_format(
        without_trailing_zeros(f"{value:.{_decimal_places(size)}f}"),
        force_grouping=True,
    )


def nonfinite_word(value: float) -> str:
    """`NaN`, `Infinity` or `-Infinity`, spelled as on every wire."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def align_decimals(values: Sequence[float | int | None]) -> list[str | None]:
    """A column of numbers with the same decimals, so that they compare at a glance."""
    sizes = [abs(v) for v in values if v is not None and needs_no_exponent(v)]
    decimals = _column_decimals(sizes)
    # Zeros that the whole column would end with say nothing.
    while decimals and all(f"{s:.{decimals}f}".endswith("0") for s in sizes):
        decimals -= 1
    return [None if v is None else _with_decimals(v, decimals) for v in values]


def grouped(count: int) -> str:
    """`1,107`."""
    return number_format(count, force_grouping=True)


def axis_format(values: Iterable[object]) -> dict[str, Any]:
    """How Plotly writes the ticks and tooltips of an axis with these values."""
    known = [
        v
        for v in values
        if isinstance(v, (int, float))
        and not isinstance(v, bool)
        and (isinstance(v, int) or math.isfinite(v))
    ]
    largest = max(map(abs, known), default=0)
    exponents = {SMALLEST: math.log10(SMALLEST), LARGEST: math.log10(LARGEST)}
    is_small = 0 < largest < SMALLEST
    # Plotly raises exponents by an inline style, unless they are written `1e-5`. It
    # takes one limit for both ends: an exponent is written where it is exceeded.
    limit = -exponents[SMALLEST] if is_small else exponents[LARGEST] - 1
    return {
        "exponentformat": "e",
        "minexponent": round(limit),
        "separatethousands": True,
        "hoverformat": tooltip_format(known),
    }


def tooltip_format(values: Sequence[float | int]) -> str:
    """The same as a format of d3, which writes the tooltips."""
    largest = max(map(abs, values), default=0)
    if 0 < largest < SMALLEST:
        return f".{TOOLTIP_DIGITS - 1}~e"
    is_whole = all(v == int(v) for v in values if abs(v) < LARGEST)
    if 0 < largest < LARGEST and is_whole:
        return ",d"
    return f",.{TOOLTIP_DIGITS}~g"


def needs_no_exponent(value: float | int) -> bool:
    """Whether it is written without an exponent or a word."""
    size = abs(value)
    return size == 0 or SMALLEST <= size < LARGEST


def without_trailing_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _column_decimals(sizes: Sequence[float | int]) -> int:
    """The decimals of the largest; of the smallest where all have few digits."""
    largest = max(sizes, default=0.0)
    decimals = _decimal_places(largest)
    smallest = min((size for size in sizes if size), default=0.0)
    if smallest and largest < LARGEST_WITH_SMALL and _is_small(smallest, decimals):
        return min(DIGITS, _decimal_places(smallest))
    return decimals


def _with_decimals(value: float | int, decimals: int) -> str:
    if not needs_no_exponent(value) or _is_small(value, decimals):
        return number(value)
    return number_format(f"{value:.{decimals}f}", force_grouping=True)


def _is_small(value: float | int, decimals: int) -> bool:
    """Whether fewer than two digits would be left, which is another number."""
    return abs(value) < 10.0 ** (1 - decimals) and value != round(value, decimals)


def _decimal_places(size: float) -> int:
    whole_digits = math.floor(math.log10(size)) + 1 if size > 0 else 1
    return max(0, DIGITS - max(whole_digits, 0)) + max(0, -whole_digits)


def _with_exponent(value: float | int) -> str:
    # Decimal, because integers of any size are legal values. The exponent has its
    # sign, as charts and programs write it.
    mantissa, exponent = f"{Decimal(value):.{DIGITS - 1}e}".split("e")
    return f"{without_trailing_zeros(mantissa)}e{int(exponent):+d}"
