"""Means of grouped runs in the charts of the list, with their bands."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.test import Client

from runs.search.charts import MAX_LINES
from tests.pages.charts.chart_page import LOSS, ask, curve, figure, lines
from tests.pages.rows import ALL

__all__ = ["curve"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("band", "low", "high"),
    [("std", 1.0, 3.0), ("minmax", 1.293, 2.707), ("none", None, None)],
)
def test_groups_draw_their_mean_and_band(
    visitor: Client, curve: Any, band: str, low: float | None, high: float | None
) -> None:
    apart = math.sqrt(0.5)
    for seed, value in enumerate((2 - apart, 2 + apart)):
        params = {"lr": "0.1", "seed": str(seed)}
        curve(f"a{seed}", [value, math.nan if seed else 5.0], params=params)
    curve("b", [7.0, 8.0], params={"lr": "0.5", "seed": "0"})
    found = figure(visitor, f"{LOSS}!group=-params.seed!band={band}")
    means = {trace["name"]: trace["y"] for trace in lines(found)}
    assert means == {"lr = 0.1": [pytest.approx(2.0), 5.0], "lr = 0.5": [7.0, 8.0]}
    bands = lines(found, "band")
    if low is None:
        assert bands == []
    else:
        assert bands[0]["y"][0] == pytest.approx(high, abs=1e-3)
        assert bands[0]["y"][-1] == pytest.approx(low, abs=1e-3)
    assert lines(found, "odd")[0]["x"] == [1]


def test_means_of_different_steps_are_binned(visitor: Client, curve: Any) -> None:
    curve("a", [1.0] * 3000, params={"lr": "1"})
    curve("b", [3.0] * 1500, params={"lr": "1"})
    found = figure(visitor, f"{LOSS}!group=params.lr")
    [mean] = lines(found)
    assert (mean["y"][0], mean["y"][-1]) == (2.0, 1.0)
    assert "means of 500 equal intervals" in found["note"]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", ["bar", "line"])
def test_means_of_huge_values_are_drawn_or_marked(
    visitor: Client, curve: Any, kind: str
) -> None:
    for name, value in (("a", 1e200), ("b", 1.0), ("c", 1.7e308), ("d", 1.7e308)):
        curve(name, [value], params={"opt": "adam" if name < "c" else "sgd"})
    chart = f"{kind}!metrics.loss!group=params.opt"
    found = figure(visitor, chart)["data"]
    values = [y for trace in found for y in trace["y"]]
    assert 5e199 in values
    assert all(abs(y) <= 1e304 for y in values if y is not None)
    # Plotly has no place for it.
    marks = [trace["text"] for trace in found if trace["meta"]["part"] == "odd"]
    assert marks == [["1.7e+308"]]
    assert visitor.get(f"{ALL}?charts={chart}").status_code == 200
    assert ask(visitor, "table", chart).status_code == 200


def test_a_group_with_only_nan_does_not_affect_other_bands(
    visitor: Client, curve: Any
) -> None:
    curve("d", [1.0], params={"opt": "b"})
    curve("c", [3.0], params={"opt": "b"})
    for name in "ab":
        curve(name, [math.nan], params={"opt": "a"})
    found = figure(visitor, "line!metrics.loss!group=params.opt")["data"]
    parts = [trace["meta"]["part"] for trace in found]
    assert parts == ["band", "line", "odd"]
    assert found[1]["customdata"] == [[pytest.approx(2**0.5), 2, 2.0]]


def test_many_runs_are_a_median_with_bands(visitor: Client, log: Any, now: int) -> None:
    runs = [log(f"r{n:03d}", acc=n / 100) for n in range(101)]
    assert len(runs) > MAX_LINES
    found = figure(visitor, "line!metrics.acc!runs=500")
    assert "median" in found["note"]
    [median] = lines(found)
    assert median["y"] == [0.5]
    edges = [trace["y"] for trace in lines(found, "band")]
    assert edges == [[0.95, 0.05], [0.75, 0.25]]
    assert len(lines(figure(visitor, "line!metrics.acc!runs=100"))) == 100
