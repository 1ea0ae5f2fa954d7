"""Figures: Plotly's own package takes every kind of them."""

from __future__ import annotations

import json
import math
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest

from runs.render.charts.axes import Axis, Figure
from runs.render.charts.metric_lines import Line, metric_figure, smooth_values

NAN = math.nan
NOON = 1_795_521_600_000


def line(values: list[float], **changes: Any) -> Line:
    steps = range(len(values))
    times = [NOON + 60_000 * step for step in steps]
    return Line("loss", list(steps), times, values, began=NOON, **changes)


def parts(figure: Figure) -> list[str]:
    return [trace["meta"]["part"] for trace in figure["data"]]


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("axis", list(Axis))
@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0],
        [0.0],
        [NAN],
        [3.0, 2.0, 1.0],
        [1.0, NAN, math.inf, -math.inf, 2.0],
        [-1.0, -2.0],
        [1e308, -1e308],
    ],
)
def test_every_figure_is_valid_for_plotly(
    values: list[float], axis: Axis, *, log_y: bool
) -> None:
    lines = [line(values), line(values, smoothed=smooth_values(values, 0.6))]
    for chosen in (lines[:1], lines[1:], lines):
        figure = metric_figure(chosen, axis, log_y=log_y)
        taken = go.Figure(data=figure["data"], layout=figure["layout"])
        assert [trace.type for trace in taken.data] == [
            trace["type"] for trace in figure["data"]
        ]
        # Also as the browser reads it, whose JSON has no NaN.
        assert json.loads(json.dumps(figure, allow_nan=False)) == figure


def test_nan_and_infinity_are_marked_with_labels() -> None:
    figure = metric_figure([line([1.0, NAN, 2.0, 1.0, 1.0, -math.inf])], Axis.STEP)
    markers = figure["data"][1]
    assert (markers["x"], markers["text"]) == ([1, 5], ["NaN", "-Infinity"])
    assert figure["data"][0]["y"] == [1.0, None, 2.0, 1.0, 1.0, None]


def test_overlapping_labels_are_merged() -> None:
    values = [1.0] * 50 + [NAN] * 3 + [1.0] * 50
    assert metric_figure([line(values)], Axis.STEP)["data"][1]["text"] == [
        "NaN",
        "",
        "",
    ]


def test_a_smoothed_line_is_drawn_over_the_raw_one() -> None:
    figure = metric_figure([line([1.0, 5.0], smoothed=[1.0, 3.0])], Axis.STEP)
    assert parts(figure) == ["raw", "line"]
    assert figure["data"][0]["opacity"] < figure["data"][1]["opacity"]


def test_figures_contain_no_colors() -> None:
    figure = metric_figure([line([1.0, NAN, 2.0], smoothed=[1.0, NAN, 1.5])], Axis.STEP)
    assert "color" not in json.dumps(figure)


def test_relative_time_starts_at_zero_in_a_suitable_unit() -> None:
    figure = metric_figure([line([1.0] * 10)], Axis.RELATIVE)
    assert figure["data"][0]["x"][:3] == [0, 1, 2]
    assert "min" in figure["layout"]["xaxis"]["title"]["text"]


def test_wall_time_is_in_the_readers_time_zone() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    figure = metric_figure([line([1.0])], Axis.TIME, zone=zone)
    assert figure["data"][0]["x"] == ["2026-11-24 20:00:00.000"]


def test_the_newest_value_is_labeled_without_covering_the_line() -> None:
    rising = metric_figure([line([0.1, 0.5, 0.7642])], Axis.STEP)
    [note] = rising["layout"]["annotations"]
    assert (note["text"], note["yanchor"]) == ("0.7642", "bottom")
    falling = metric_figure([line([9.0, 5.0, 1.0])], Axis.STEP)
    assert falling["layout"]["annotations"] == []


def test_a_constant_value_gets_a_suitable_axis_range() -> None:
    def room(*values: float) -> Any:
        return metric_figure([line(list(values))], Axis.STEP)["layout"]["yaxis"]

    assert room(0.003)["range"] == pytest.approx([0.0027, 0.0033])
    assert room(-5.0, -5.0)["range"] == pytest.approx([-5.5, -4.5])
    assert room(0.0, NAN)["range"] == [-1, 1]
    assert "range" not in room(1.0, 2.0)
    assert "range" not in room(1.79e308)


def test_an_isolated_value_is_drawn_as_a_dot() -> None:
    [drawn, _] = metric_figure([line([1.0, NAN, 2.0, 3.0])], Axis.STEP)["data"]
    assert drawn["mode"] == "lines+markers"
    assert drawn["marker"]["size"] == [6, 0, 0, 0]
    [drawn] = metric_figure([line([1.0, 2.0])], Axis.STEP)["data"]
    assert drawn["mode"] == "lines"


def test_the_axis_labels_only_logged_steps() -> None:
    axis = metric_figure([line([1.0])], Axis.STEP)["layout"]["xaxis"]
    assert axis["tickvals"] == [0]
    axis = metric_figure([line([1.0, 2.0])], Axis.STEP)["layout"]["xaxis"]
    assert "tickvals" not in axis


def test_a_name_is_escaped_and_kept_in_the_metadata() -> None:
    named = Line("<b>&lt;", [0, 1], [NOON, NOON], [1.0, NAN])
    for trace in metric_figure([named], Axis.STEP)["data"]:
        assert "<b" not in trace["name"]
        assert "&l" not in trace["name"]
    [drawn, _] = metric_figure([named], Axis.STEP)["data"]
    assert drawn["meta"]["key"] == "<b>&lt;"


def test_smoothing_is_unbiased_from_the_first_value() -> None:
    assert smooth_values([4.0, 4.0, 4.0], 0.9) == pytest.approx([4.0, 4.0, 4.0])
    assert smooth_values([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])


def test_smoothing_skips_nonfinite_values() -> None:
    smoothed = smooth_values([1.0, NAN, math.inf, 1.0], 0.5)
    assert math.isnan(smoothed[1])
    assert smoothed[2:] == [math.inf, pytest.approx(1.0)]
