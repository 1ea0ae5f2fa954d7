"""Means and deviations of numbers, however large or small.

Sums and squares of huge numbers lie beyond all range, though their mean does not, and
squares of tiny ones are nothing. So they are brought nearer to 1 first, by a power of
two, which rounds nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The greatest number that there is: what lies beyond it is drawn there.
MAX_FLOAT = float(np.finfo(np.float64).max)
#: Between 2 to this and its inverse, squares of many numbers can be summed.
_MAX_EXPONENT = 400


def mean_and_std(table: Floats) -> tuple[Floats, Floats]:
    """Of each column, whose NaN do not count; the deviation is that of a sample.

    Every column has a number, and none is infinite; so is what comes out.
    """
    scale = power_of_two_scale(np.nanmax(np.abs(table), axis=0))
    small = table / scale
    mean = np.nanmean(small, axis=0)
    # A single number has the deviation 0, and nothing is divided by zero.
    others = np.maximum(np.isfinite(table).sum(axis=0) - 1, 1)
    std = np.sqrt(np.nansum((small - mean) ** 2, axis=0) / others)
    # The deviation can exceed the largest float; then it is cut to that.
    with np.errstate(over="ignore"):
        return mean * scale, np.minimum(std * scale, MAX_FLOAT)


def deviation_band(mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """The mean less and more its deviation, as far as numbers go."""
    with np.errstate(over="ignore"):
        low, high = mean - std, mean + std
    return np.maximum(low, -MAX_FLOAT), np.minimum(high, MAX_FLOAT)


def means_by_position(at: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """The mean of the values at each of `count` places; NaN where there is none."""
    scale = power_of_two_scale(np.abs(values).max(initial=0.0))
    found = np.full(count, np.nan)
    number = np.bincount(at, minlength=count)
    summed = np.bincount(at, weights=values / scale, minlength=count)
    np.divide(summed, number, out=found, where=number > 0)
    return np.asarray(found * scale)


def power_of_two_scale(largest: Floats | float) -> Floats:
    """The divisor for numbers up to this one; 1 for none."""
    exponent = np.frexp(largest)[1]
    return np.asarray(
        np.ldexp(1.0, exponent - np.clip(exponent, -_MAX_EXPONENT, _MAX_EXPONENT))
    )
