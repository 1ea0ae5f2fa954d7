"""Marks of NaN and Infinity: each is told, and no word lies on another."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runs.render.charts.axes import Axis
from runs.render.charts.metric_lines import Line, metric_figure
from runs.render.charts.nonfinite_markers import nonfinite_markers, set_marker_labels

NAN, INF = math.nan, math.inf


def marked(*lines: list[tuple[float, float]]) -> list[tuple[list[str], list[str]]]:
    traces = [
        (nonfinite_markers([x for x, _ in line], [("a", v) for _, v in line], 1), line)
        for line in lines
    ]
    set_marker_labels([(t, [x for x, _ in line]) for t, line in traces], 0, 100)
    return [(trace["text"], trace["textposition"]) for trace, _ in traces]


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ([[(0, NAN), (50, INF)]], [["NaN", "Infinity"]]),
        ([[(0, NAN)], [(0, INF)], [(0, NAN)]], [["NaN, Infinity"], [""], [""]]),
        ([[(0, NAN), (9, NAN), (18, NAN), (27, NAN)]], [["NaN", "", "", "NaN"]]),
        # Two words take the room of two.
        ([[(0, NAN), (30, NAN)], [(5, -INF)]], [["NaN, -Infinity", ""], [""]]),
    ],
)
def test_nearby_markers_are_merged_into_the_first(lines: Any, texts: Any) -> None:
    assert [found for found, _sides in marked(*lines)] == texts


def test_a_label_at_the_right_edge_is_left_of_its_marker() -> None:
    [(texts, sides)] = marked([(0, NAN), (99, INF)])
    assert texts == ["NaN", "Infinity"]
    assert sides == ["middle right", "middle left"]


def test_labels_that_would_cover_a_marker_are_moved_down() -> None:
    [(texts, sides)] = marked([(30, NAN), (31, INF), (50, NAN)])
    assert texts == ["NaN, Infinity", "", ""]
    assert sides[0] == "bottom right"


@pytest.mark.parametrize("axis", list(Axis))
def test_lines_with_a_gap_at_the_same_step_share_one_label(axis: Axis) -> None:
    lines = [
        Line(key, [0, 1, 2], [1000, 2000, 3000], [1.0, value, 1.0], began=1000)
        for key, value in (("a", NAN), ("b", INF), ("c", NAN))
    ]
    data = metric_figure(lines, axis)["data"]
    markers = [trace["text"] for trace in data if trace["meta"]["part"] == "odd"]
    assert markers == [["NaN, Infinity"], [""], [""]]


def test_markers_at_the_same_step_are_merged() -> None:
    trace = nonfinite_markers([5, 5], [("a", NAN), ("b", INF)], 1)
    set_marker_labels([(trace, [5, 5])], 5, 5)
    assert trace["text"] == ["NaN, Infinity", ""]
