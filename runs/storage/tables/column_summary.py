"""What the head of a column shows: a histogram, or the most frequent values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.storage.tables.cell_values import NumberCells
from runs.storage.tables.text_order import DistinctTexts

BINS = 24
#: A day in microseconds.
DAY = 86_400_000_000
TOP_VALUES = 8
MAX_TOP_BYTES = 240


def summarize_numbers(cells: NumberCells) -> dict[str, Any]:
    """Return min and max of the finite numbers, and how many are in each bin."""
    values = cells.values[~cells.missing]
    finite = values[np.isfinite(values)]
    summary: dict[str, Any] = {
        "missing": int(cells.missing.sum()),
        "nonfinite": len(values) - len(finite),
    }
    if len(finite):
        low, high = finite.min().item(), finite.max().item()
        summary |= {"min": low, "max": high, "bins": bin_counts(finite, low, high)}
    return summary


def bin_counts(finite: NDArray[Any], low: float, high: float) -> list[int]:
    """Count the numbers in parts of the same width from `low` to `high`.

    A few different integers have a bar each, other numbers `BINS`.
    """
    if isinstance(low, int) and high - low < BINS:
        return np.bincount(finite - low).tolist()  # type: ignore[no-any-return]
    # Halves: the difference of two large floats can be infinite.
    width = high / 2 - low / 2
    if not width > 0:
        return [len(finite)]
    # A width near the smallest float can overflow when it divides.
    with np.errstate(over="ignore", invalid="ignore"):
        at = (finite.astype(np.float64) / 2 - low / 2) * (BINS / width)
        places = np.clip(np.nan_to_num(at), 0, BINS - 1).astype(np.int64)
    counts: list[int] = np.bincount(places, minlength=BINS).tolist()
    return counts


def summarize_texts(texts: DistinctTexts) -> dict[str, Any]:
    """Return the number of distinct texts, and the most frequent ones with counts."""
    distinct = len(texts.ends)
    present = texts.codes[texts.codes >= 0]
    summary: dict[str, Any] = {
        "missing": len(texts.codes) - len(present),
        "distinct": distinct,
    }
    if not distinct:
        return {**summary, "top": []}
    counts = np.bincount(present, minlength=distinct)
    # Only as many as are shown are sorted.
    common = np.argpartition(-counts, min(TOP_VALUES, distinct) - 1)[:TOP_VALUES]
    ranked = sorted(common.tolist(), key=lambda code: (-counts[code], code))
    summary["top"] = [[_text(texts, code), int(counts[code])] for code in ranked]
    return summary


def summarize_dates(
    dates: NDArray[np.int64], codes: NDArray[np.int32]
) -> dict[str, Any]:
    """Return the first and last date, and how many rows are in each bin between."""
    rows = dates[codes[codes >= 0]]
    low, high = rows.min().item(), rows.max().item()
    has_time = bool((dates % DAY).any())
    bins = bin_counts(rows, low, high)
    return {"min": low, "max": high, "bins": bins, "has_time": has_time}


def _text(texts: DistinctTexts, code: int) -> str | None:
    start = int(texts.ends[code - 1]) if code else 0
    end = int(texts.ends[code])
    # A text that is cut could not be used as a filter.
    if end - start > MAX_TOP_BYTES:
        return None
    return texts.data[start:end].tobytes().decode("utf-8", "replace")
