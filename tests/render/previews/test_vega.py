"""Vega-Lite charts as figures of Plotly."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.render.previews import (
    UnsupportedChart,
    panel_counts,
    vega_figure,
    vega_table,
)
from tests.render.previews.test_figures import drawn

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def vega(**spec: Any) -> Any:
    rows = [
        {"x": 3, "y": 1, "k": "a"},
        {"x": 1, "y": 2, "k": "b"},
        {"x": 2, "y": 5, "k": "a"},
    ]
    return vega_figure({"$schema": SCHEMA, "data": {"values": rows}, **spec})


X, Y = ({"field": name, "type": "quantitative"} for name in "xy")
K = {"field": "k", "type": "nominal"}
BARS: dict[str, Any] = {"mark": "bar", "encoding": {"x": X, "y": Y}}
POINTS: dict[str, Any] = {"mark": "point", "encoding": {"x": X, "y": Y}}


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
    assert len(set(bars["x"])) == 1
    # Between equal large numbers there is no room for bins.
    with pytest.raises(UnsupportedChart):
        of_numbers([2**70], {**X, "bin": True})


@pytest.mark.parametrize(
    ("spec", "gap"),
    [
        ({"hconcat": []}, "composed"),
        ({"mark": "bar", "encoding": {"row": {**K, "bin": True}}}, "composed"),
        ({"vconcat": [{"mark": "bar"}] * 37}, "panels"),
        ({"repeat": {"row": ["x"] * 7, "column": ["x"] * 7}, "spec": BARS}, "panels"),
        ({"mark": "bar", "repeat": ["x"]}, "composed"),
        ({"mark": "arc", "encoding": {"theta": X, "radius": Y}}, "encoding"),
        ({"mark": "text", "encoding": {"x": X}}, "encoding"),
        ({"mark": "boxplot", "encoding": {"x": K}}, "encoding"),
        ({"mark": "bar", "transform": [{"density": "x"}]}, "transform"),
        ({"mark": "bar", "data": {"url": "https://example.org/a.csv"}}, "data"),
        ({"mark": {"type": "geoshape"}}, "mark"),
        ({"mark": "bar", "encoding": {"x": {**X, "timeUnit": "week"}}}, "transform"),
        ({"mark": "bar", "encoding": {"x": {**X, "aggregate": "argmax"}}}, "encoding"),
        ({"layer": [{"layer": []}]}, "composed"),
        ({"layer": [{"hconcat": [{"mark": "bar"}]}]}, "composed"),
    ],
)
def test_a_vega_chart_that_is_not_drawn_names_the_reason(
    spec: dict[str, Any], gap: str
) -> None:
    with pytest.raises(UnsupportedChart) as caught:
        vega(**spec)
    assert caught.value.gap == gap


def domains(figure: Any, number: str = "") -> list[list[float]]:
    return [figure["layout"][f"{axis}axis{number}"]["domain"] for axis in "xy"]


def test_arcs_of_a_vega_chart_are_a_pie_that_has_its_texts() -> None:
    arc = {"mark": {"type": "arc", "innerRadius": 40}}
    texts = {"mark": {"type": "text", "radius": 90}, "encoding": {"text": K}}
    figure = vega(encoding={"theta": Y, "color": K}, layer=[arc, texts])
    [pie] = drawn(figure).data
    assert (pie["type"], pie["labels"], pie["values"]) == ("pie", ["a", "b"], [6, 2])
    assert (pie["hole"], pie["textinfo"]) == (0.5, "label+percent")
    [pie] = vega(mark="arc", encoding={"color": K})["data"]
    assert (pie["values"], pie["hole"], pie["textinfo"]) == ([2, 1], 0, "percent")


def test_texts_of_a_vega_chart_stand_at_the_ends_of_its_bars() -> None:
    mean = {**Y, "aggregate": "mean"}
    texts = {"text": {**mean, "format": ".2f"}}
    figure = vega(
        encoding={"y": K, "x": mean},
        layer=[
            {"mark": "bar"},
            {"mark": {"type": "text", "dx": 4, "dy": -2}, "encoding": texts},
        ],
    )
    text = drawn(figure).data[1]
    assert (text["x"], text["y"]) == ([3, 2], ["a", "b"])
    assert (text["text"], text["textposition"]) == (["3.00", "2.00"], "top right")


@pytest.mark.parametrize(
    ("channel", "texts"),
    [
        (Y, ["1", "2", "5"]),
        ({**Y, "format": ",.1%"}, ["100.0%", "200.0%", "500.0%"]),
        ({**Y, "format": "d"}, ["1", "2", "5"]),
        ({**Y, "format": "{0.__class__}"}, ["1", "2", "5"]),
        ({"value": "x"}, ["x", "x", "x"]),
    ],
)
def test_texts_of_a_vega_chart_are_formatted(
    channel: dict[str, Any], texts: list[str]
) -> None:
    [trace] = vega(mark="text", encoding={"x": X, "y": Y, "text": channel})["data"]
    assert trace["text"] == texts


@pytest.mark.parametrize(
    ("extent", "highest", "outside"), [(1.5, 4, [[99]]), ("min-max", 99, [])]
)
def test_boxes_of_a_vega_chart_have_its_quartiles(
    extent: object, highest: float, outside: list[list[float]]
) -> None:
    rows = [{"k": "a", "y": value} for value in (1, 2, 3, 4, 99)]
    figure = vega(
        data={"values": rows},
        mark={"type": "boxplot", "extent": extent},
        encoding={"x": K, "y": Y, "color": K},
    )
    box, *dots = figure["data"]
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    assert [box[name] for name in names] == [[1], [2], [3], [4], [highest]]
    assert [each["y"] for each in dots] == outside
    bars = drawn(figure).data[0]
    assert (bars["type"], bars["x"], bars["base"]) == ("bar", ["a", "a"], [3, 3])


def test_boxes_of_a_vega_chart_lie_along_its_numbers() -> None:
    figure = vega(mark="boxplot", encoding={"x": Y, "y": K})
    assert drawn(figure).data[0]["orientation"] == "h"


def test_layers_of_a_vega_chart_have_layers() -> None:
    inner = [{"mark": "point"}, {"mark": {"type": "tick", "color": "red"}}]
    figure = vega(
        layer=[
            {"encoding": {"x": X, "y": Y}, "layer": inner},
            {"mark": "rule", "encoding": {"y": {"datum": 3}}},
        ],
    )
    points, ticks = drawn(figure).data
    assert (points["x"], ticks["x"]) == ([3, 1, 2], [3, 1, 2])
    assert ticks["marker"]["color"] == "red"
    assert len(figure["layout"]["shapes"]) == 1


@pytest.mark.parametrize(
    "spec",
    [
        {**POINTS, "encoding": {**POINTS["encoding"], "column": K}},
        {**POINTS, "encoding": {**POINTS["encoding"], "facet": K}},
        {"facet": {"column": K}, "spec": POINTS},
        {"facet": K, "spec": {"layer": [POINTS]}},
    ],
)
def test_facets_of_a_vega_chart_are_panels_with_the_same_axes(
    spec: dict[str, Any],
) -> None:
    figure = vega(**spec)
    first, second = drawn(figure).data
    assert (first["x"], second["x"]) == ([3, 2], [1])
    assert (second["xaxis"], second["yaxis"]) == ("x2", "y2")
    layout = figure["layout"]
    assert (layout["xaxis2"]["matches"], layout["yaxis2"]["matches"]) == ("x", "y")
    assert [each["text"] for each in layout["annotations"]] == ["a", "b"]
    # The axis that both have is named once.
    assert (layout["yaxis"]["title"], layout["yaxis2"]["title"]) == (
        {"text": "y"},
        {"text": ""},
    )
    (left, _up), (right, _same) = domains(figure), domains(figure, "2")
    assert left[1] < right[0]


def test_facets_of_a_vega_chart_are_in_rows_and_columns() -> None:
    rows = [{"x": n, "y": n, "r": n % 2, "c": n % 3} for n in range(6)]
    encoding = {**POINTS["encoding"], "row": {"field": "r"}, "column": {"field": "c"}}
    spec = {"resolve": {"scale": {"x": "independent"}}, **POINTS, "encoding": encoding}
    figure = vega(data={"values": rows}, **spec)
    assert len(drawn(figure).data) == 6
    titles = [each["text"] for each in figure["layout"]["annotations"]]
    assert titles == ["0 · 0", "1 · 0", "2 · 0", "0 · 1", "1 · 1", "2 · 1"]
    assert "matches" not in figure["layout"]["xaxis4"]
    document = {"$schema": SCHEMA, "data": {"values": rows}, **spec}
    assert panel_counts(document) == (3, 2)
    across, up = domains(figure, "4")
    assert (across[0], up[0]) == (0, 0)
    assert domains(figure)[1][0] > up[1]


def test_concatenated_vega_charts_have_their_places() -> None:
    column = {"vconcat": [{**POINTS, "title": "upper"}, BARS]}
    figure = vega(hconcat=[POINTS, column])
    found = drawn(figure).data
    assert [each["type"] for each in found] == ["scatter", "scatter", "bar"]
    (left, whole), (right, upper), (_same, lower) = (
        domains(figure, number) for number in ("", "2", "3")
    )
    assert (left[0], whole[0]) == (0, 0)
    assert left[1] < right[0]
    assert lower[1] < upper[0]
    assert [each["text"] for each in figure["layout"]["annotations"]] == ["upper"]
    assert "matches" not in figure["layout"]["xaxis2"]


def test_a_vega_chart_is_repeated_for_its_fields() -> None:
    y = {"field": {"repeat": "row"}, "type": "quantitative"}
    spec = {"mark": "point", "encoding": {"x": X, "y": y}}
    figure = vega(repeat={"row": ["x", "y"]}, spec=spec)
    assert [each["y"] for each in drawn(figure).data] == [[3, 1, 2], [1, 2, 5]]
    y = {"field": {"repeat": "layer"}, "type": "quantitative"}
    spec = {"mark": "line", "encoding": {"x": X, "y": y}}
    figure = vega(repeat={"layer": ["x", "y"]}, spec=spec)
    assert [each["y"] for each in drawn(figure).data] == [[1, 2, 3], [2, 5, 1]]


def test_the_same_value_has_one_color_and_one_entry_in_all_panels() -> None:
    encoding = {**POINTS["encoding"], "color": K}
    figure = vega(hconcat=[{**POINTS, "encoding": encoding}] * 2)
    shown = [
        (each["legendgroup"], each.get("showlegend", True)) for each in figure["data"]
    ]
    assert shown == [("a", True), ("b", True), ("a", False), ("b", False)]


def test_pies_and_cells_are_in_panels_too() -> None:
    pie = {"mark": "arc", "encoding": {"theta": Y, "color": K}}
    cells = {"mark": "rect", "encoding": {"x": K, "y": K, "color": Y}}
    texts = {"mark": "text", "encoding": {"x": K, "y": K, "text": Y}}
    figure = vega(hconcat=[pie, {"layer": [cells, texts]}])
    slices, heat = drawn(figure).data
    assert slices["domain"]["x"][1] < domains(figure, "2")[0][0]
    assert (heat["type"], heat["xaxis"], heat["text"]) == ("bar", "x2", ["2", "5"])
    assert "xaxis" not in figure["layout"]


def test_the_data_of_a_chart_that_is_not_drawn_are_a_table() -> None:
    data = {"values": [{"a": 1, "b": "<b>x</b>"}, {"c": None}]}
    transform = [{"filter": "datum.a"}]
    spec = {"$schema": SCHEMA, "transform": transform, "hconcat": [{"data": data}]}
    found = vega_table(spec)
    assert found is not None
    assert (found.heads, found.rows) == (
        ["a", "b", "c"],
        [["1", "x", ""], ["", "", "null"]],
    )
    assert vega_table({"$schema": SCHEMA, "data": {"url": "a.csv"}}) is None


@pytest.mark.parametrize(
    "spec",
    [
        {"hconcat": [[]]},
        {"facet": [], "spec": POINTS},
        {"facet": {"row": 5}, "spec": POINTS},
        {"facet": K},
        {"repeat": 5, "spec": POINTS},
        {"repeat": {"row": 5}, "spec": POINTS},
        {"repeat": {"layer": ["x"]}, "spec": 5},
        {"mark": "arc", "encoding": {"theta": {"field": "k"}, "color": []}},
        {"mark": {"type": "boxplot", "extent": []}, "encoding": {"x": K, "y": Y}},
        {
            "hconcat": [
                {
                    "hconcat": [
                        {
                            "hconcat": [
                                {
                                    "hconcat": [
                                        {
                                            "hconcat": [
                                                {
                                                    "hconcat": [
                                                        {
                                                            "hconcat": [
                                                                {"hconcat": [POINTS]}
                                                            ]
                                                        }
                                                    ]
                                                }
                                            ]
                                        }
                                    ]
                                }
                            ]
                        }
                    ]
                }
            ]
        },
    ],
)
def test_a_hostile_vega_chart_is_not_drawn(spec: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedChart):
        vega(**spec)
