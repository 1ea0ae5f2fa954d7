"""The chart of a metric by version: every finite number fits, texts are escaped."""

from __future__ import annotations

import math
import re

import pytest

from runs.render.registry import ChartPoint, draw_version_chart
from runs.render.registry.version_charts import HEIGHT, WIDTH


def chart(*values: float) -> str:
    points = [ChartPoint(at + 1, value, "") for at, value in enumerate(values)]
    return draw_version_chart(points, "acc by version")


@pytest.mark.parametrize(
    "values",
    [
        (1.0,),
        (0.0, 0.0),
        (0.1, 0.2, math.nan, math.inf),
        (-5e300, 9e305),
        (1.7e308, -1.7e308),
        (5e-324, 1e-323),
        (1e17, 1e17 + 64),
        (0.9, 0.9001),
        (1.0, 1e6),
    ],
)
def test_every_finite_value_is_inside(values: tuple[float, ...]) -> None:
    svg = chart(*values)
    places = re.findall(r'<circle class="" cx="([\d.-]+)" cy="([\d.-]+)"', svg)
    assert len(places) == sum(math.isfinite(each) for each in values)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in places)


def test_without_numbers_there_is_no_chart() -> None:
    assert chart() == chart(math.nan) == ""


def test_aliases_are_marked_and_escaped() -> None:
    points = [
        ChartPoint(1, 0.5, "0.5", ("<b>",)),
        ChartPoint(2, 0.6, "0.6", ("champion",), series=1),
    ]
    svg = draw_version_chart(points, 'a "b"')
    assert "<b>" not in svg
    assert "@&lt;b&gt;" in svg
    assert 'class="series-1"' in svg
    assert "v2 @champion: 0.6" in svg


def test_names_of_neighbors_do_not_cover_each_other() -> None:
    points = [ChartPoint(n, 0.5, "", (f"alias-{n}",)) for n in range(1, 201)]
    svg = draw_version_chart(points, "x")
    names = re.findall(r'class="name" x="[\d.]+" y="([\d.]+)"', svg)
    assert len(names) == len(set(names)) <= 2
