"""Figures of files with what the vendored bundle of Plotly can draw."""

from __future__ import annotations

import json
import math
from typing import Any

import plotly.express as px
import plotly.graph_objects as go
import pytest

from runs.render.previews import (
    FileFigure,
    UnsupportedChart,
    read_figure,
    vega_figure,
)

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def drawn(document: dict[str, Any]) -> FileFigure:
    """The figure that is sent, which Plotly itself accepts."""
    found = read_figure(document)
    go.Figure({"data": found.data, "layout": found.layout})
    return found


def test_a_heat_map_is_bars_with_a_color_for_each_cell() -> None:
    source = px.imshow(
        [[0, 1], [2, None]],
        x=["cat", "dog"],
        y=["a", "b"],
        color_continuous_scale="Greys",
    )
    figure = drawn(json.loads(source.to_json()))
    [bars] = figure.data
    assert bars["type"] == "bar"
    cells = list(zip(bars["x"], bars["base"], bars["text"], strict=True))
    assert cells == [(0, -0.5, "0"), (1, -0.5, "1"), (0, 0.5, "2")]
    low, _middle, high = bars["marker"]["color"]
    assert (low, high) == ("#ffffff", "#000000")
    assert figure.layout["xaxis"]["ticktext"] == ["cat", "dog"]
    # Images have their first row at the top.
    assert figure.layout["yaxis"]["range"] == [1.5, -0.5]


def test_a_heat_map_below_other_traces_is_a_table() -> None:
    figure = drawn(
        {
            "data": [{"type": "heatmap", "z": [[1]]}, {"type": "scatter", "y": [1]}],
            "layout": {},
        }
    )
    assert ([each["type"] for each in figure.data], figure.left_out) == (
        ["scatter"],
        ["heatmap"],
    )


def test_a_box_reaches_from_quartile_to_quartile() -> None:
    values = [1, 2, 3, 4, 100]
    figure = drawn({"data": [{"type": "box", "y": values, "name": "a"}], "layout": {}})
    bars, dots = figure.data
    assert bars["x"] == ["a", "a"]
    # Hazen's quartiles are 1.75, 3 and 28; nothing is beyond the whiskers but 100.
    assert [
        base + height for base, height in zip(bars["base"], bars["y"], strict=True)
    ] == [
        28.0,
        1.75,
    ]
    assert bars["error_y"]["arrayminus"] == [0.0, 0.75]
    assert dots["y"] == [100]


def test_boxes_next_to_each_other_reach_to_their_last_values() -> None:
    trace = {"type": "box", "y": [1, 2, 3, 4, 100]}
    figure = drawn({"data": [trace, trace], "layout": {"boxmode": "group"}})
    assert [each["type"] for each in figure.data] == ["bar", "bar"]
    assert figure.data[0]["error_y"]["array"] == [72.0, 0.0]
    assert figure.layout["barmode"] == "group"


def test_of_a_layout_only_known_keys_are_sent() -> None:
    layout = {"xaxis2": {"title": {"text": "x"}}, "unknown": 1, "sliders": [{}]}
    trace = {"type": "scatter", "y": [1], "marker": {"color": [1], "showscale": True}}
    figure = read_figure({"data": [trace], "layout": layout})
    assert figure.layout == {"xaxis2": {"title": {"text": "x"}}}
    assert figure.data[0]["marker"]["showscale"] is False


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "heatmap", "z": [[math.nan, math.inf, 10**400, "x", True]]},
        {"type": "heatmap", "z": [[1] * 101] * 101},
        {"type": "heatmap", "z": [[1, 2]], "colorscale": [[math.nan, "#fff"], [1, 7]]},
        {"type": "heatmap", "z": [[1]], "zmin": math.inf, "coloraxis": {"a": 1}},
        {"type": "box", "y": [math.nan, None]},
        {"type": "box", "q1": [1], "median": ["x"], "q3": [10**400]},
        {"type": "box", "x": [[1], {}], "y": [1, 2]},
        {"type": ["box"], "y": [1]},
        {"type": "scatter", "y": {"dtype": [], "bdata": ""}},
    ],
)
def test_hostile_values_are_left_out(trace: dict[str, Any]) -> None:
    found = read_figure({"data": [trace], "layout": {"coloraxis": 5}})
    assert len(found.data) + len(found.tables) == 1


def vega(**spec: Any) -> Any:
    rows = [
        {"x": 3, "y": 1, "k": "a"},
        {"x": 1, "y": 2, "k": "b"},
        {"x": 2, "y": 5, "k": "a"},
    ]
    return vega_figure({"$schema": SCHEMA, "data": {"values": rows}, **spec})


X, Y = ({"field": name, "type": "quantitative"} for name in "xy")
K = {"field": "k", "type": "nominal"}


def test_layers_of_a_vega_chart_share_what_is_outside_of_them() -> None:
    figure = vega(
        encoding={"x": X},
        layer=[
            {"mark": "line", "encoding": {"y": Y, "color": K}},
            {"mark": "rule", "encoding": {"x": None, "y": {"datum": 4}}},
        ],
    )
    lines = [(each["name"], each["x"], each["mode"]) for each in figure["data"]]
    # A line has the order of x.
    assert lines == [("a", [2, 3], "lines"), ("b", [1], "lines")]
    [rule] = figure["layout"]["shapes"]
    assert (rule["y0"], rule["y1"], rule["xref"]) == (4, 4, "paper")


def test_rectangles_of_a_vega_chart_are_a_heat_map() -> None:
    color = {"aggregate": "sum", "field": "y", "type": "quantitative"}
    figure = vega(mark="rect", encoding={"x": K, "y": K, "color": color})
    [trace] = figure["data"]
    assert (trace["x"], trace["y"], trace["z"]) == (
        ["a", "b"],
        ["b", "a"],
        [[None, 2], [6, None]],
    )


def test_bins_of_a_vega_chart_are_counted() -> None:
    x = {**X, "bin": {"maxbins": 2}}
    figure = vega(mark="bar", encoding={"x": x, "y": {"aggregate": "count"}})
    [bars] = figure["data"]
    assert sorted(zip(bars["x"], bars["y"], strict=True)) == [(1.5, 1), (2.5, 2)]


def of_numbers(values: list[float], x: dict[str, Any]) -> Any:
    rows = [{"x": value, "k": "a"} for value in values]
    encoding = {"x": x, "y": {**K, "aggregate": None}}
    spec = {"mark": "bar", "encoding": encoding, "data": {"values": rows}}
    return vega_figure({"$schema": SCHEMA, **spec})


@pytest.mark.parametrize("values", [[2**70], [10**400, 1], [math.inf, -math.inf, 1]])
def test_numbers_of_a_vega_chart_that_are_too_large_are_left_out(
    values: list[float],
) -> None:
    for how in ("mean", "median"):
        [bars] = drawn(of_numbers(values, {**X, "aggregate": how})).data
        assert (bars["x"], bars["y"]) == ([values[-1]], ["a"])
    [bars] = drawn(of_numbers([*values, 0], {**X, "bin": {"maxbins": 1}})).data
    assert bars["x"] == [values[-1] / 2] * len(bars["y"])
    # Between equal large numbers there is no room for bins.
    with pytest.raises(UnsupportedChart):
        of_numbers([2**70], {**X, "bin": True})


@pytest.mark.parametrize(
    ("spec", "gap"),
    [
        ({"hconcat": []}, "composed"),
        ({"mark": "bar", "encoding": {"row": K}}, "composed"),
        ({"mark": "bar", "transform": [{"filter": "1"}]}, "transform"),
        ({"mark": "bar", "data": {"url": "https://example.org/a.csv"}}, "data"),
        ({"mark": {"type": "geoshape"}}, "mark"),
        ({"mark": "bar", "encoding": {"x": {**X, "timeUnit": "year"}}}, "encoding"),
        ({"mark": "bar", "encoding": {"x": {**X, "aggregate": "q1"}}}, "encoding"),
        ({"layer": [{"layer": []}]}, "composed"),
    ],
)
def test_a_vega_chart_that_is_not_drawn_names_the_reason(
    spec: dict[str, Any], gap: str
) -> None:
    with pytest.raises(UnsupportedChart) as caught:
        vega(**spec)
    assert caught.value.gap == gap
