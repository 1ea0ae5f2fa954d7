"""Bars of numbers, and the ranges that find what they count."""

from __future__ import annotations

import pytest

from runs.render.filters.facet_histogram import BARS, HistogramBar, build_histogram


@pytest.mark.parametrize(
    "numbers",
    [
        [0.001, 0.01, 0.1, 1.0, 0.0003],
        [0.5 + number / 100 for number in range(46)],
        [1e308, -1e308, 5e-324, 0.0],
        [123_456_789.0 + number for number in range(20)],
        [-3.0, 0.0, 7.5],
        [0.1 + 0.2, 0.3],
    ],
)
def test_each_bar_range_contains_exactly_its_values(numbers: list[float]) -> None:
    bars = build_histogram([(number, 1) for number in numbers])
    assert len(bars) <= BARS
    assert sum(bar.runs for bar in bars) == len(numbers)
    for bar in bars:
        if bar.low is not None and bar.high is not None:
            held = [number for number in numbers if bar.low <= number <= bar.high]
            assert len(held) == bar.runs


def test_equal_numbers_are_one_bar() -> None:
    assert build_histogram([(3.0, 2)]) == [HistogramBar(2, 3.0, 3.0)]


def test_without_numbers_there_are_no_bars() -> None:
    assert build_histogram([]) == []


def test_values_over_orders_of_magnitude_have_logarithmic_bins() -> None:
    bars = build_histogram([(10.0**-n, 1) for n in range(5)])
    assert [bar.runs for bar in bars if bar.runs] == [1] * 5
