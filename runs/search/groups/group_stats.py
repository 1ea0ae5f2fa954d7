"""Count, mean, deviation and extremes of the numbers in each of many groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runs.search.groups.means import MAX_FLOAT, power_of_two_scale
from runs.search.values import Keys, NumberArray, Numbers


@dataclass(frozen=True)
class GroupStats:
    """What one group's runs have of a field; NaN where there is nothing to say.

    `best` is the key of the run with the best value, by the field's goal; 0 for none.
    """

    count: int
    mean: float
    std: float
    min: float
    max: float
    nonfinite: int
    best: int = 0


@dataclass(frozen=True)
class GroupStatArrays:
    counts: Keys
    mean: Numbers
    std: Numbers
    min: Numbers
    max: Numbers
    nonfinite: Keys
    lowest: Keys
    highest: Keys


def compute_group_stats(
    measured: NumberArray, member_of: Keys, size: int, ids: Keys
) -> GroupStatArrays:
    """Each group's sums, in two passes: far from zero one pass loses the deviation."""
    values = measured.values
    known = np.isfinite(values)
    kept, groups, runs = values[known], member_of[known], ids[known]
    counts = np.bincount(groups, minlength=size)
    # Sorted by group and value, the ends of each group are its extremes.
    order = np.lexsort((kept, groups))
    first = np.searchsorted(groups[order], np.arange(size))
    has = counts > 0
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    lowest, highest = np.zeros(size, np.int64), np.zeros(size, np.int64)
    starts, ends = order[first[has]], order[first[has] + counts[has] - 1]
    low[has], high[has] = kept[starts], kept[ends]
    lowest[has], highest[has] = runs[starts], runs[ends]
    scale = power_of_two_scale(
        np.where(has, np.maximum(np.abs(low), np.abs(high)), 0.0)
    )
    small = kept / scale[groups]
    with np.errstate(all="ignore"):
        mean = np.bincount(groups, small, minlength=size) / counts
        deviation = small - mean[groups]
        # What rounding left of the first pass is taken out of the second.
        mean = mean + np.bincount(groups, deviation, minlength=size) / counts
        squares = np.bincount(groups, (small - mean[groups]) ** 2, minlength=size)
        std = np.sqrt(squares / np.where(counts > 1, counts - 1, np.nan))
        mean, std = mean * scale, np.minimum(std * scale, MAX_FLOAT)
    nonfinite = np.bincount(member_of[measured.nonfinite], minlength=size)
    return GroupStatArrays(counts, mean, std, low, high, nonfinite, lowest, highest)
