"""What is drawn of documents; Plotly's own package takes every figure."""

from __future__ import annotations

import json
import math
from typing import Any

import plotly.graph_objects as go
import pytest

from runs.render.charts.accuracy_curves import CurveKind, accuracy_curves_figure
from runs.render.charts.axes import Figure
from runs.render.charts.evaluation_figures import (
    prediction_figure,
    residual_histogram,
    rows_of_figure,
    table_columns_figure,
)
from runs.render.files.picture_headers import picture_dimensions
from runs.render.metrics.confusion_table import MAX_CLASSES, confusion_matrix
from runs.render.metrics.evaluation_documents import parse_evaluation_document
from runs.render.metrics.logged_tables import build_logged_table, column_pairs
from studio.core.errors import InvalidValue

#: One class of 100 cases, 40 of them true; thresholds 0, 0.5 and 1.
COUNTS = [[40, 60, 0, 0], [30, 15, 45, 10], [0, 0, 60, 40]]
ACCURACY = {
    "probability_tables": [COUNTS],
    "percentile_tables": [COUNTS],
    "probability_thresholds": [0, 0.5, 1],
    "percentile_thresholds": [0, 0.5, 1],
    "class_labels": ["<b>yes</b>"],
}
RESIDUALS = {"bin_edges": [-2, 0, 2], "bin_counts": [3, 5]}
PREDICTIONS = {
    "bin_averages": [0.1, "NaN"],
    "bin_errors": [0.01, 0.02],
    "bin_counts": [2, 3],
    "bin_edges": [0, 0.2, 0.4],
}


def line(figure: Figure) -> list[tuple[float, float]]:
    return list(zip(figure["data"][0]["x"], figure["data"][0]["y"], strict=True))


@pytest.mark.parametrize(
    "figure",
    [
        *(accuracy_curves_figure(ACCURACY, kind) for kind in CurveKind),
        residual_histogram(RESIDUALS),
        prediction_figure(PREDICTIONS),
        table_columns_figure("<i>x", "y", [1.0, math.nan], [2.0, math.inf]),
    ],
)
def test_every_figure_is_valid_for_plotly(figure: Figure) -> None:
    go.Figure(data=figure["data"], layout=figure["layout"])
    # Also as the browser reads it, whose JSON has no NaN.
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure
    assert "<b>" not in str([trace.get("name") for trace in figure["data"]])


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        (CurveKind.ROC, [(0, 0), (0.25, 0.75), (1, 1)]),
        # Nothing is found at the last threshold, so that no precision is known there.
        (CurveKind.PR, [(0.75, 30 / 45), (1, 0.4)]),
        (CurveKind.GAIN, [(0, 0), (0.45, 0.75), (1, 1)]),
        (CurveKind.LIFT, [(0.45, 0.75 / 0.45), (1, 1)]),
        # 10 of the 55 cases below one half are true, 30 of the 45 above it.
        (CurveKind.CALIBRATION, [(0.25, 10 / 55), (0.75, 30 / 45)]),
    ],
)
def test_curves_match_their_definition(
    kind: CurveKind, points: list[tuple[float, float]]
) -> None:
    found = line(accuracy_curves_figure(ACCURACY, kind))
    assert found == [pytest.approx(point) for point in points]


def test_an_accuracy_table_has_a_line_per_class() -> None:
    table = {
        **ACCURACY,
        "probability_tables": [COUNTS] * 3,
        "class_labels": [1, "b", 3],
    }
    figure = accuracy_curves_figure(table, CurveKind.ROC)
    names = [t["meta"]["key"] for t in figure["data"] if t["meta"]["part"] == "line"]
    assert names == ["average", "1", "b", "3"]


def test_a_confusion_matrix_shows_counts_or_row_shares() -> None:
    data = {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 0]]}
    counts = confusion_matrix(data, normalized=False).rows
    shares = confusion_matrix(data, normalized=True).rows
    assert [[c.text for c in row] for _, row in counts] == [["3", "1"], ["0", "0"]]
    assert [[c.text for c in row] for _, row in shares] == [
        ["0.75", "0.25"],
        ["0.00", "0.00"],
    ]


def test_a_number_too_large_to_be_drawn_is_named() -> None:
    with pytest.raises(InvalidValue, match="matrix"):
        confusion_matrix({"matrix": [[10**400]]}, normalized=False)


def test_the_most_confused_of_many_classes_are_shown() -> None:
    size = MAX_CLASSES + 10
    rows = [[9 if a == b else 0 for b in range(size)] for a in range(size)]
    rows[30][2] = 5
    shown = confusion_matrix({"matrix": rows}, normalized=False)
    assert {"2", "30"} <= set(shown.labels)
    assert (len(shown.labels), shown.total) == (MAX_CLASSES, size)


WRONG: list[Any] = [
    {},
    {"matrix": "x", "bin_edges": {}, "probability_tables": 1},
    {"matrix": [[1, 2]], "bin_edges": [1, 2], "bin_counts": [], "bin_averages": [1]},
    {"matrix": [[1]], "class_labels": "a", "bin_edges": [1], "bin_counts": [1]},
    {**ACCURACY, "probability_tables": [[[1, 2, 3]]]},
    {**ACCURACY, "probability_tables": [[[1, 2, 3, 4]]], "matrix": [[1], [1, 2]]},
]


@pytest.mark.parametrize("document", WRONG)
def test_values_of_the_wrong_shape_are_refused_with_the_reason(document: Any) -> None:
    for draw in (
        lambda: confusion_matrix(document, normalized=False),
        lambda: accuracy_curves_figure(document, CurveKind.ROC),
        lambda: residual_histogram(document),
        lambda: prediction_figure(document),
    ):
        with pytest.raises(InvalidValue):
            draw()


@pytest.mark.parametrize("text", [b"", b"\xff", b"[1]", b'{"data": 3}', b"[" * 100_000])
def test_an_invalid_document_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidValue):
        parse_evaluation_document(text)


def test_a_figure_has_its_numbers_as_rows() -> None:
    assert rows_of_figure(prediction_figure(PREDICTIONS)) == [
        ("average", "0.1", "0.1"),
        ("average", "0.3", "–"),
    ]


def test_two_numeric_columns_are_a_line_and_more_can_be_chosen() -> None:
    two = build_logged_table([{"a": 1, "b": "NaN"}, {"a": 2, "b": 3}])
    many = build_logged_table([{"w": "x", "a": 1, "b": 2, "c": 3}])
    assert (two.default_view, two.columns_to_draw("", "")) == ("chart", ("a", "b"))
    assert (many.default_view, many.columns_to_draw("w", "c")) == ("table", ("a", "c"))
    assert build_logged_table([{"w": "x"}]).columns_to_draw("", "") == ("", "")
    assert [side for side, _cell in many.cells_with_alignment[0]] == [
        False,
        True,
        True,
        True,
    ]
    assert column_pairs([{"a": 1, "b": 2}, {"a": 1}, 7], "a", "b") == [(1, 2)]


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x27\x10\0\0\x27\x10", (10_000, 10_000)),
        (b"GIF89a\x02\0\x03\0", (2, 3)),
        (b"BM" + bytes(16) + b"\x05\0\0\0\xfa\xff\xff\xff", (5, 6)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08\0\x07\0\x09\0", (9, 7)),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x09\0\0\x04\0\0", (10, 5)),
        (b"<svg>", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff\xe0\xff\xff", None),
    ],
)
def test_the_size_of_an_image_is_read_from_its_header(
    head: bytes, size: tuple[int, int] | None
) -> None:
    assert picture_dimensions(head) == size
