"""Long series are smoothed as short ones are, only where they are drawn."""

import math

import numpy as np
import pytest

from runs.render.charts.metric_lines import smooth_values
from runs.render.charts.smoothing import smooth_at


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.99])
@pytest.mark.parametrize("count", [1, 2, 300, 9000])
def test_fast_smoothing_equals_smoothing_point_by_point(
    weight: float, count: int
) -> None:
    values = np.sin(np.arange(count) / 7) * 3 + 1
    values[count // 3] = math.nan
    values[-1] = math.inf
    places = np.unique(np.linspace(0, count - 1, 700).astype(np.intp))
    wanted = np.array(smooth_values(values.tolist(), weight))[places]
    assert np.allclose(smooth_at(values, places, weight), wanted, equal_nan=True)


def test_smoothing_changes_nothing_without_finite_values() -> None:
    values = np.array([math.nan, math.inf])
    places = np.array([0, 1])
    assert np.array_equal(smooth_at(values, places, 0.5), values, equal_nan=True)


def test_spikes_between_drawn_points_are_averaged_in() -> None:
    values = np.zeros(5000)
    values[2000] = 100.0
    [after] = smooth_at(values, np.array([2010]), 0.9)
    assert after == pytest.approx(100 * 0.1 * 0.9**10)
