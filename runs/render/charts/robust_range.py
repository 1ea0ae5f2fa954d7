"""The part of a value axis that most lines are in.

A run that diverged would flatten all others to one line: its values are shown at the
edge instead. A curve that only begins high stays whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from runs.render.charts.nonfinite_markers import is_nonfinite

#: From this many lines on, a line can be told from the others.
MIN_LINES = 3
#: How far beyond the usual end of lines one of them can reach, in their usual spans.
MAX_LINE_SPANS = 3
#: How far beyond the quartiles of all points one can lie, in their distances or sizes.
MAX_QUARTILE_SPANS = 200
#: Each round leaves out what is far from the rest, which shows what is far from it.
ROUNDS = 20
#: Space at an end where values are left out.
PADDING = 0.05

Values = np.ndarray[tuple[int], np.dtype[np.float64]]


def robust_range(
    lines: Sequence[Sequence[float | None]], *, log: bool = False
) -> tuple[float, float] | None:
    """The ends of the axis; None if all values are near enough to be shown.

    With `log` the values are compared on a logarithmic scale.
    """
    found = [_drawable_values(line, log=log) for line in lines]
    found = [values for values in found if len(values)]
    if not found:
        return None
    whole = np.concatenate(found)
    low, high = whole.min(), whole.max()
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _usual_ends_of_lines(found, low, high)
        usual = high
        low, high = _near_quartiles(whole, low, high)
        # A curve that begins high, and falls within a few steps, stays whole.
        begins = [values[0] for values in found if values[0] <= usual]
        low, high = min([low, *begins]), max([high, *begins])
    if low <= whole.min() and high >= whole.max():
        return None
    space = (high - low) * PADDING or abs(high) * PADDING or 1.0
    low -= space if low > whole.min() else 0
    high += space if high < whole.max() else 0
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return (10**low, 10**high) if log else (float(low), float(high))


def _drawable_values(line: Sequence[float | None], *, log: bool) -> Values:
    kept = [v for v in line if v is not None and not is_nonfinite(v)]
    values = np.array(kept, np.float64)
    return np.log10(values[values > 0]) if log else values


def _usual_ends_of_lines(
    lines: Sequence[Values], low: float, high: float
) -> tuple[float, float]:
    """Leave out the ends of lines that reach much further than most."""
    if len(lines) < MIN_LINES:
        return low, high
    lows = np.array([line.min() for line in lines])
    highs = np.array([line.max() for line in lines])
    usual_low, usual_high = np.median(lows), np.median(highs)
    room = MAX_LINE_SPANS * (usual_high - usual_low)
    if room > 0:
        low = lows[lows >= usual_low - room].min()
        high = highs[highs <= usual_high + room].max()
    return float(low), float(high)


def _near_quartiles(values: Values, low: float, high: float) -> tuple[float, float]:
    """Leave out single points that are far from the others, as of one line."""
    for _round in range(ROUNDS):
        kept = values[(values >= low) & (values <= high)]
        first, third = np.percentile(kept, (25, 75))
        room = MAX_QUARTILE_SPANS * max(third - first, abs(third), abs(first))
        # Most points are equal: what differs from them is what there is to see.
        if not 0 < room < math.inf:
            break
        near = kept[(kept >= first - room) & (kept <= third + room)]
        if len(near) == len(kept):
            break
        low, high = float(near.min()), float(near.max())
    return low, high
