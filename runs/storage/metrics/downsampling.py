"""Choose the shown points of a long series; min and max always stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

from runs.storage.metrics.points import Points


def sample_positions(points: Points, limit: int) -> NDArray[Any]:
    """Choose at most `limit` positions, in order: first, last, the min and max of each
    segment, and where NaN begins and ends.

    Points with other values than numbers are taken at equal distances.
    """
    count = len(points)
    if not points.is_numeric or limit < 8:
        return np.unique(np.linspace(0, count - 1, max(limit, 1)).astype(np.int64))
    nan = np.isnan(points.values)
    gaps = _nan_segment_ends(nan, limit // 8)
    finite = np.flatnonzero(~nan)
    # The downsampler chooses pairs: a minimum and a maximum per segment.
    free = (limit - 2 - len(gaps)) // 2 * 2
    picked = finite
    if len(finite) > free:
        values = np.ascontiguousarray(points.values[finite])
        downsampler = MinMaxDownsampler()  # type: ignore[no-untyped-call]
        picked = finite[downsampler.downsample(values, n_out=free)]
    ends = np.array([0, count - 1])
    return np.unique(np.concatenate([ends, picked, gaps]).astype(np.int64))


def _nan_segment_ends(nan: NDArray[np.bool_], limit: int) -> NDArray[Any]:
    """Find the first and last point of each NaN segment; at most `limit` points."""
    before = np.concatenate([[False], nan[:-1]])
    after = np.concatenate([nan[1:], [False]])
    found = np.flatnonzero(nan & ~(before & after))
    if len(found) <= limit:
        return found
    return found[np.linspace(0, len(found) - 1, limit).astype(np.int64)]
