"""Charts of one value per run: what Plotly is told, checked by Plotly's own package."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
import pytest

from runs.render.charts.histograms import count_bins, histogram_figure
from runs.render.charts.multi_run_lines import ChartLook
from runs.render.charts.parallel import Dimension, parallel_figure
from runs.render.charts.scatter_and_bars import (
    ChartDot,
    bar_figure,
    scatter_figure,
)

HOSTILE = "<b>%{y}</b> & é"


def dots(*values: Any) -> list[ChartDot]:
    return [ChartDot(f"run {n}", n, each) for n, each in enumerate(values, start=1)]


def checked(figure: dict[str, Any]) -> dict[str, Any]:
    go.Figure({name: figure[name] for name in ("data", "layout")})
    return figure


def test_a_scatter_chart_marks_nonfinite_values_and_omits_missing_ones() -> None:
    placed = dots((1.0, 2.0), (2.0, math.nan), (3.0, math.inf), (None, 1.0))
    figure = checked(scatter_figure(placed, ["lr", HOSTILE], ChartLook(log_x=True)))
    drawn, markers = figure["data"]
    assert (drawn["x"], drawn["y"], drawn["meta"]["each"]) == ([1.0], [2.0], [1])
    assert (markers["x"], markers["text"]) == ([2.0, 3.0], ["NaN", "Infinity"])
    assert figure["layout"]["xaxis"]["type"] == "log"


def test_a_third_field_colors_dots_by_scale_or_category() -> None:
    placed = dots((1.0, 2.0, 3.0), (1.0, 3.0, None), (2.0, 2.0, 5.0))
    scaled = scatter_figure(placed, ["a", "b", HOSTILE], ChartLook())
    trace, rest = checked(scaled)["data"]
    assert trace["meta"]["shares"] == [0.0, 1.0]
    assert trace["meta"]["ends"] == ["3", "5"]
    assert rest["meta"]["each"] == [8]
    assert "%{y}" not in trace["hovertemplate"].removeprefix("%{text}<br>%{x}<br>%{y}")
    words = scatter_figure(
        dots((1.0, 2.0, "adam"), (1.0, 3.0, "sgd"), (1.0, 4.0, "adam")),
        ["a", "b", "c"],
        ChartLook(),
    )
    assert checked(words)["data"][0]["meta"]["each"] == [1, 2, 1]


def test_text_values_are_axis_categories() -> None:
    figure = scatter_figure(
        dots(("adam", 1.0), ("sgd", 2.0)), ["opt", "acc"], ChartLook()
    )
    assert checked(figure)["layout"]["xaxis"]["type"] == "category"


def test_bars_have_a_color_per_run_and_markers_for_nonfinite_values() -> None:
    figure = bar_figure(
        dots((1.0, 2.0), (-math.inf, None)), ["a", HOSTILE], ChartLook()
    )
    first, second, markers = checked(figure)["data"]
    assert (first["y"], second["y"]) == ([1.0, None], [2.0, None])
    assert first["meta"]["each"] == [1, 2]
    assert markers["text"] == ["-Infinity"]


def test_grouped_bars_show_the_spread_of_their_runs() -> None:
    grouped = [ChartDot("lr = 0.1", 1, (2.0,), spread=((0.5, 1.0),))]
    [trace] = checked(bar_figure(grouped, ["acc"], ChartLook()))["data"]
    assert (trace["error_y"]["arrayminus"], trace["error_y"]["array"]) == ([0.5], [1.0])


@pytest.mark.parametrize(
    ("values", "count", "log", "runs"),
    [
        ([], 0, False, []),
        ([math.nan, math.inf], 0, False, []),
        ([2.0, 2.0], 5, False, [2]),
        ([0.0, 0.0], 5, False, [2]),
        ([0.0, 1.0, 2.0, 3.0, 4.0], 2, False, [2, 3]),
        ([1.0, 10.0, 100.0, 1000.0, -1.0], 3, True, [1, 1, 2]),
        ([-1.7e308, 1.7e308], 2, False, [1, 1]),
    ],
)
def test_histogram_bins_contain_every_finite_value(
    values: list[float], count: int, *, log: bool, runs: list[int]
) -> None:
    bins = count_bins(values, count, log=log)
    assert [each.runs for each in bins] == runs
    checked(histogram_figure(bins, HOSTILE, ChartLook(log_x=log)))


def test_parallel_axes_show_numbers_text_and_missing_values() -> None:
    axes = [
        Dimension("params.lr", "lr", (0.001, 1.0, None)),
        Dimension("params.opt", "opt", ("sgd", "adam", "sgd")),
        Dimension("metrics.acc", "acc", (0.5, math.nan, 0.7)),
    ]
    figure = parallel_figure(dots((), (), ()), axes)
    assert [line["at"] for line in figure["lines"]] == [
        [0.0, 1.0, 0.0],
        [1.0, 0.0, 1.1],
        [None, 1.0, 1.0],
    ]
    assert [axis["log"] for axis in figure["axes"]] == [True, False, False]
    assert figure["lines"][1]["told"] == ["1", "adam", "NaN"]
