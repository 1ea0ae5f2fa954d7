"""The exponential moving average of a long series at the places where it is drawn.

The average is corrected for its start at zero. Values that are not finite stay as they
are and are left out of it. `smooth_values` computes the same point by point, which
takes too long for a million points. The share of an old value is exactly zero in
floating point, so each place needs only the values before it that still count.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

#: A share below it changes no bit of a sum.
MIN_SHARE = 1e-18
#: Places that are averaged at once.
BATCH_SIZE = 256

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


def smooth_at(values: Floats, places: Places, weight: float) -> Floats:
    """One value for each place; `weight` (0 to 1) is how much of what was stays."""
    found: Floats = values[places].astype(np.float64)
    finite = np.isfinite(values)
    averaged = finite[places]
    if not weight or not averaged.any():
        return found
    where = places[averaged]
    if finite.all():
        found[averaged] = _moving_averages(values, where, weight)
    else:
        # The places among the finite values alone.
        order = np.cumsum(finite) - 1
        found[averaged] = _moving_averages(values[finite], order[where], weight)
    return found


def _moving_averages(values: Floats, places: Places, weight: float) -> Floats:
    reach = min(len(values), math.ceil(math.log(MIN_SHARE) / math.log(weight)))
    back = np.arange(reach)
    shares = (1 - weight) * weight**back
    found = np.empty(len(places))
    # In batches, because the table of places by values before them can be large.
    for start in range(0, len(places), BATCH_SIZE):
        part = places[start : start + BATCH_SIZE]
        at = part[:, None] - back[None, :]
        # Negative indexes would read from the end of the array.
        seen = np.where(at >= 0, values[np.maximum(at, 0)], 0.0)
        found[start : start + BATCH_SIZE] = seen @ shares
    # With a weight up to 0.99, the power is nothing long before 10,000.
    corrected: Floats = found / (1 - weight ** np.minimum(places + 1, 10_000))
    return corrected
