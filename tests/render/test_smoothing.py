"""Long series are smoothed as short ones are, only faster."""

import math

import numpy as np
import pytest

from runs.render.charts import smooth
from runs.render.smoothing import smooth_array


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.99])
@pytest.mark.parametrize("count", [1, 127, 128, 129, 1000])
def test_the_same_mean_as_point_by_point(weight: float, count: int) -> None:
    values = np.sin(np.arange(count) / 7) * 3
    values[count // 3] = math.nan
    values[-1] = math.inf
    wanted = np.array(smooth(values.tolist(), weight))
    assert np.allclose(smooth_array(values, weight), wanted, equal_nan=True)


def test_without_a_finite_value_nothing_changes() -> None:
    values = np.array([math.nan, math.inf])
    assert np.array_equal(smooth_array(values, 0.5), values, equal_nan=True)
