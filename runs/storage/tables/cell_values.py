"""Cells as they come from a reader, and their conversion to arrays."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

#: What an empty cell of a column of numbers can contain instead of nothing.
MISSING_WORDS = frozenset({"", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None"})
NONFINITE_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})
_FRACTION = re.compile(r"[.eEnN]")


@dataclass(frozen=True)
class NumberCells:
    """`values` are int64 or float64; those of missing cells have no meaning."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class TextCells:
    """UTF-8 without NUL bytes, one text after the other; a missing one has length 0."""

    data: bytes
    lengths: NDArray[np.int64]
    missing: NDArray[np.bool_]


def numbers_of_texts(texts: Sequence[str]) -> NumberCells | None:
    """Read the cells of a text file as numbers; None if one is no number."""
    joined = "\n".join(texts)
    if not joined.isascii() or _has_identifiers(joined):
        return None
    try:
        return _converted(texts, joined, np.zeros(len(texts), bool))
    except ValueError:
        missing = np.fromiter(map(_is_missing_word, texts), bool, len(texts))
        if not missing.any() or missing.all():
            return None
        filled = [
            "0" if gap else text for text, gap in zip(texts, missing, strict=True)
        ]
        try:
            return _converted(filled, "\n".join(filled), missing)
        except ValueError:
            return None


def _has_identifiers(joined: str) -> bool:
    """Whether a line is 1_000 or 007: for Python numbers, and in files rarely meant so.

    Counting is several times faster than a regular expression.
    """
    if "_" in joined:
        return True
    # Two line ends between texts: `count` finds no two matches that overlap.
    lines = "\n{}\n".format(joined.replace("\n", "\n\n"))
    zeros = lines.count("\n0")
    return zeros > sum(lines.count(f"\n0{end}") for end in (".", "\n", "e", "E", " "))


def _is_missing_word(text: str) -> bool:
    return text.strip() in MISSING_WORDS


def _converted(
    texts: Sequence[str], joined: str, missing: NDArray[np.bool_]
) -> NumberCells | None:
    if _FRACTION.search(joined):
        return NumberCells(np.array(list(map(float, texts)), np.float64), missing)
    try:
        return NumberCells(np.array(list(map(int, texts)), np.int64), missing)
    except OverflowError:
        # As a float it would be another number: such a column is one of identifiers.
        return None


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers_of_values(values: Sequence[Any]) -> NumberCells | None:
    """Take JSON values as numbers; None if one is neither a number nor null."""
    missing = np.fromiter((v is None for v in values), bool, len(values))
    filled = [0 if value is None else value for value in values]
    if not all(map(_can_be_number, filled)) or missing.all():
        return None
    if all(isinstance(value, int) for value in filled):
        try:
            return NumberCells(np.array(filled, np.int64), missing)
        except OverflowError:
            return None
    try:
        return NumberCells(np.array(list(map(float, filled)), np.float64), missing)
    except OverflowError:
        return None


def _can_be_number(value: object) -> bool:
    return is_number(value) or (isinstance(value, str) and value in NONFINITE_WORDS)


def text_cells(texts: Sequence[str | None]) -> TextCells:
    """Encode texts; None is a missing cell."""
    if None in texts:
        missing = np.fromiter((text is None for text in texts), bool, len(texts))
        texts = [text or "" for text in texts]
    else:
        missing = np.zeros(len(texts), bool)
    shown = cast("Sequence[str]", texts)
    joined = "".join(shown)
    # The ends of texts are found by their lengths, and NUL sorts like no byte at all.
    if "\0" in joined:
        shown = [text.replace("\0", "\u2400") for text in shown]
        joined = "".join(shown)
    if joined.isascii():
        lengths = np.fromiter(map(len, shown), np.int64, len(shown))
        return TextCells(joined.encode(), lengths, missing)
    encoded = [text.encode("utf-8", "replace") for text in shown]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    return TextCells(b"".join(encoded), lengths, missing)


def value_text(value: Any) -> str | None:
    """A JSON value as the text of a cell; lists and objects stay JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"
