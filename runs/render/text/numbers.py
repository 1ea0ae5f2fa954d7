"""Numbers as people read them: sensible digits, sizes, words for no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

DIGITS = 4
#: Beyond these a number is written with an exponent.
SMALLEST, LARGEST = 1e-3, 1e9


def number(value: float | int) -> str:
    """Four significant digits without trailing zeros; whole numbers whole."""
    if isinstance(value, float) and not math.isfinite(value):
        return word_for(value)
    size = abs(value)
    if size == 0:
        return "0"
    if size >= LARGEST or size < SMALLEST:
        return _with_exponent(value)
    if value == int(value):
        return grouped(int(value))
    return number_format(_trimmed(f"{value:.{_decimals(size)}f}"), force_grouping=True)


def word_for(value: float) -> str:
    """`NaN`, `Infinity` or `-Infinity`, spelled as on every wire."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def aligned(values: Sequence[float | int | None]) -> list[str | None]:
    """A column of numbers with the same decimals, so that they compare at a glance."""
    sizes = [abs(v) for v in values if v is not None and _is_plain(v)]
    decimals = _decimals(max(sizes, default=0.0))
    # Zeros that the whole column would end with say nothing.
    while decimals and all(f"{s:.{decimals}f}".endswith("0") for s in sizes):
        decimals -= 1
    return [None if v is None else _in_column(v, decimals) for v in values]


def _in_column(value: float | int, decimals: int) -> str:
    # What is small next to the others keeps two digits, or would be another number.
    is_small = abs(value) < 10.0 ** (1 - decimals) and value != round(value, decimals)
    if not _is_plain(value) or is_small:
        return number(value)
    return number_format(f"{value:.{decimals}f}", force_grouping=True)


def _is_plain(value: float | int) -> bool:
    """Whether it is written without an exponent or a word."""
    size = abs(value)
    return size == 0 or SMALLEST <= size < LARGEST


def grouped(count: int) -> str:
    """`1,107`."""
    return number_format(count, force_grouping=True)


def filesize(size: int) -> str:
    """`640 KB`, `97.8 MB`: thousands, three digits at most."""
    amount = float(size)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    if unit == "bytes":
        return _("%s bytes") % size
    return f"{_trimmed(f'{amount:.1f}') if amount < 99.95 else f'{amount:.0f}'} {unit}"


def _decimals(size: float) -> int:
    whole_digits = math.floor(math.log10(size)) + 1 if size > 0 else 1
    return max(0, DIGITS - max(whole_digits, 0)) + max(0, -whole_digits)


def _with_exponent(value: float | int) -> str:
    # Decimal, because integers of any size are legal values.
    mantissa, exponent = f"{Decimal(value):.{DIGITS - 1}e}".split("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
