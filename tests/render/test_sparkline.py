"""Sparklines: small SVGs that hold whatever a metric can."""

from __future__ import annotations

import math
import re

import pytest

from runs.render.charts.sparkline import HEIGHT, WIDTH, draw_sparkline

NAN, INFINITY = math.nan, math.inf


def numbers(svg: str) -> list[float]:
    path = re.search(r' d="([^"]*)"', svg)
    assert path
    return [float(part) for part in re.findall(r"-?[\d.]+", path[1])]


def test_a_line_spans_the_whole_width() -> None:
    assert 'd="M3 19L54 11L105 3"' in draw_sparkline([0, 1, 2], [0.0, 0.5, 1.0])


def test_the_newest_value_has_a_dot() -> None:
    assert 'cx="105" cy="3"' in draw_sparkline([0, 1], [0.0, 1.0])


def test_nan_and_infinity_are_gaps() -> None:
    svg = draw_sparkline([0, 1, 2, 3, 4], [1.0, 2.0, NAN, INFINITY, 1.0])
    assert svg.count("M") == 2
    assert "nan" not in svg
    assert "inf" not in svg


def test_without_finite_values_there_is_no_line() -> None:
    assert draw_sparkline([0, 1], [NAN, -INFINITY]) == ""
    assert draw_sparkline([], []) == ""


@pytest.mark.parametrize(
    "values", [[5.0, 5.0], [1e308, -1e308], [5e-324, 0.0], [-0.0], [1e-300, 1e300, 3.0]]
)
def test_every_point_is_inside_the_image(values: list[float]) -> None:
    for at, number in enumerate(numbers(draw_sparkline(range(len(values)), values))):
        assert 0 <= number <= (HEIGHT if at % 2 else WIDTH)


def test_a_sparkline_has_no_inline_style() -> None:
    assert "style" not in draw_sparkline([0, 1], [1.0, 2.0])
