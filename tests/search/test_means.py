"""Means and deviations are those of the numbers, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

from runs.search.groups.means import (
    MAX_FLOAT,
    deviation_band,
    mean_and_std,
    means_by_position,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def test_a_mean_is_between_its_values_for_any_magnitude() -> None:
    table = np.array(
        [
            [1.0, 1e-200, 1.7e308, 1e200, np.nan, MAX_FLOAT],
            [2.0, 3e-200, 1.7e308, 1.0, 5.0, -MAX_FLOAT],
        ]
    )
    mean, std = mean_and_std(table)
    assert mean.tolist() == [1.5, 2e-200, 1.7e308, 5e199, 5.0, 0.0]
    assert std[0] == pytest.approx(0.5**0.5)
    assert std[1] == pytest.approx(2e-200 * 0.5**0.5)
    assert std[2:5].tolist() == [0.0, pytest.approx(1e200 * 0.5**0.5), 0.0]
    assert std[5] == MAX_FLOAT


def test_a_band_is_limited_to_finite_numbers() -> None:
    low, high = deviation_band(np.array([1.0, MAX_FLOAT]), np.array([0.5, MAX_FLOAT]))
    assert (low.tolist(), high.tolist()) == ([0.5, 0.0], [1.5, MAX_FLOAT])


def test_means_per_step_are_finite_too() -> None:
    values = np.array([1.0, 2.0, 1.7e308, 1.7e308])
    found = means_by_position(np.array([0, 0, 2, 2]), values, 3)
    assert found[[0, 2]].tolist() == [1.5, 1.7e308]
    assert np.isnan(found[1])
    assert np.isnan(means_by_position(np.array([], np.int64), np.array([]), 2)).all()
