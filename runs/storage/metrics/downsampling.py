"""Which points of a long series are shown: every extreme stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

from runs.storage.points import Points


def choose(points: Points, limit: int) -> NDArray[Any]:
    """Positions of at most `limit` points, in order: the first, the last, the least and
    greatest of each stretch, and where NaN begins and ends.

    Values that are not numbers are taken at equal distances.
    """
    count = len(points)
    if not points.is_numeric or limit < 8:
        return np.unique(np.linspace(0, count - 1, max(limit, 1)).astype(np.int64))
    nan = np.isnan(points.values)
    gaps = _edges(nan, limit // 8)
    whole = np.flatnonzero(~nan)
    room = (limit - 2 - len(gaps)) // 2 * 2
    picked = whole
    if len(whole) > room:
        values = np.ascontiguousarray(points.values[whole])
        downsampler = MinMaxDownsampler()  # type: ignore[no-untyped-call]
        picked = whole[downsampler.downsample(values, n_out=room)]
    ends = np.array([0, count - 1])
    return np.unique(np.concatenate([ends, picked, gaps]).astype(np.int64))


def _edges(nan: NDArray[np.bool_], limit: int) -> NDArray[Any]:
    """Where a stretch of NaN begins, and its last point; at most `limit` of them."""
    before = np.concatenate([[False], nan[:-1]])
    after = np.concatenate([nan[1:], [False]])
    found = np.flatnonzero(nan & ~(before & after))
    if len(found) <= limit:
        return found
    return found[np.linspace(0, len(found) - 1, max(limit, 1)).astype(np.int64)]
