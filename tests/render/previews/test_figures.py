"""Figures of files with what the vendored bundle of Plotly can draw."""

from __future__ import annotations

import json
import math
from typing import Any

import plotly.express as px
import plotly.graph_objects as go
import pytest

from runs.render.previews import FileFigure, read_figure


def drawn(document: dict[str, Any]) -> FileFigure:
    """The figure that is sent, which Plotly itself accepts."""
    found = read_figure(document)
    go.Figure({"data": found.data, "layout": found.layout})
    return found


def test_computed_boxes_stand_where_they_are_named() -> None:
    box = {"type": "box", "x": ["a"], "q1": [1], "median": [2], "q3": [4]}
    [bars] = drawn({"data": [{**box, "orientation": "v"}], "layout": {}}).data
    assert (bars["x"], bars["base"]) == (["a", "a"], [2, 2])


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
