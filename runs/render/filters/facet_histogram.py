"""Numbers as a small histogram whose every bar is also a short, exact range.

A bar's `low` and `high` are as few digits as tell its values from those of the bars
next to it: the range that a reader brushes finds the runs that the bars have counted.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

BARS = 13
#: From this ratio of the greatest to the least value on, bars grow by ratios.
WIDE = 50


@dataclass(frozen=True)
class HistogramBar:
    """How many runs have a value from `low` to `high`; both None where none has."""

    runs: int
    low: float | None = None
    high: float | None = None


def build_histogram(numbers: Sequence[tuple[float, int]]) -> list[HistogramBar]:
    """Bars of finite numbers and how many runs have each; empty for no number."""
    values = sorted(numbers)
    if not values:
        return []
    edges = _bar_edges(values[0][0], values[-1][0])
    bins: list[list[tuple[float, int]]] = [[] for _ in range(len(edges) + 1)]
    for value, runs in values:
        bins[bisect_right(edges, value)].append((value, runs))
    return _histogram_bars(bins)


def _bar_edges(least: float, greatest: float) -> list[float]:
    """Between the bars; a value on an edge belongs to the bar above it."""
    if least == greatest:
        return []
    if least > 0 and greatest / least >= WIDE:
        low, high = math.log(least), math.log(greatest)
        return [
            math.exp(low + (high - low) * number / BARS) for number in range(1, BARS)
        ]
    # Halves, so that the distance of the greatest numbers is one too.
    step = greatest / BARS - least / BARS
    return [least + step * number for number in range(1, BARS)]


def _histogram_bars(bins: Sequence[Sequence[tuple[float, int]]]) -> list[HistogramBar]:
    bars = []
    below = -math.inf
    # The lowest value of the next bar that has runs; empty bars have none.
    above = [*(each[0][0] for each in bins if each), math.inf][1:]
    for each in bins:
        if not each:
            bars.append(HistogramBar(0))
            continue
        low, high = each[0][0], each[-1][0]
        bars.append(
            HistogramBar(
                sum(runs for _, runs in each),
                _fewest_digits(low, below, ROUND_FLOOR),
                _fewest_digits(high, above.pop(0), ROUND_CEILING),
            )
        )
        below = high
    return bars


def _fewest_digits(value: float, neighbor: float, rounding: str) -> float:
    """The value with the fewest digits that do not reach its neighbor."""
    # By decimal digits, because the range is shown and typed as text.
    exact = Decimal(repr(value))
    # 17 digits tell any two floats apart.
    for digits in range(2, 18):
        place = Decimal(1).scaleb(exact.adjusted() - digits + 1)
        found = float(exact.quantize(place, rounding=rounding)) if value else 0.0
        if neighbor < found <= value or value <= found < neighbor:
            return found
    return value
