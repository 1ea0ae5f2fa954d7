"""The exponential moving average of long series, corrected for its start at nothing.

What is not finite stays as it is and is not averaged in: as `runs.render.charts.smooth`
has it, point by point, which for a million points takes too long.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Values that are averaged at once, by one matrix.
BLOCK = 128


def smooth_array(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """The same length; `weight` (0 to 1) is how much stays of what went before."""
    finite = np.isfinite(values)
    if not weight or not finite.any():
        return values
    if finite.all():
        return _average(values, weight)
    result = values.astype(np.float64)
    result[finite] = _average(values[finite], weight)
    return result


def _average(values: NDArray[np.float64], weight: float) -> NDArray[Any]:
    count = len(values)
    rows = -(-count // BLOCK)
    padded = np.zeros(rows * BLOCK)
    padded[:count] = values
    ages = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    kernel = np.where(ages >= 0, (1 - weight) * weight ** np.maximum(ages, 0), 0.0)
    blocks = padded.reshape(rows, BLOCK) @ kernel.T
    fading = weight ** np.arange(1, BLOCK + 1)
    # What each block ends with goes on into the next one.
    carried = 0.0
    ends = blocks[:, -1].tolist()
    before = np.empty(rows)
    for row, end in enumerate(ends):
        before[row] = carried
        carried = end + fading[-1] * carried
    averaged = (blocks + np.outer(before, fading)).reshape(-1)[:count]
    # Further on the share is 1 to the last bit, and powers would be slow.
    corrected = min(count, math.ceil(math.log(1e-18) / math.log(weight)))
    averaged[:corrected] /= 1 - weight ** np.arange(1, corrected + 1)
    return averaged
