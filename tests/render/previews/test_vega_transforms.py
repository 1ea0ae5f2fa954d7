"""Transformations and time units of Vega-Lite charts, and the order of categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from runs.render.previews import UnsupportedChart, vega_figure
from runs.render.previews.vega_transforms import transform_rows
from tests.render.previews.test_figures import drawn
from tests.render.previews.test_vega import SCHEMA, K, X, Y, vega

ROWS: list[dict[str, Any]] = [
    {"k": "a", "x": 1, "when": "2026-01-05T10:00:00"},
    {"k": "a", "x": 3, "when": "2026-01-20T10:30:00"},
    {"k": "b", "x": 5, "when": "2026-03-01"},
    {"k": "b", "x": None, "when": "no time"},
]


def rows_after(*transforms: dict[str, Any]) -> Sequence[Any]:
    return transform_rows(list(transforms), ROWS) or []


@pytest.mark.parametrize(
    ("test", "kept"),
    [
        ("datum.x > 2", [3, 5]),
        ({"field": "x", "equal": 3}, [3]),
        ({"field": "x", "lt": 3}, [1, None]),
        ({"field": "x", "gte": 3}, [3, 5]),
        ({"field": "x", "range": [1, 3]}, [1, 3]),
        ({"field": "x", "range": [3, None]}, [3, 5]),
        ({"field": "k", "oneOf": ["b"]}, [5, None]),
        ({"field": "x", "valid": True}, [1, 3, 5]),
        ({"not": {"field": "k", "equal": "a"}}, [5, None]),
        ({"and": ["datum.x > 0", {"or": ["datum.x < 2", "datum.x > 4"]}]}, [1, 5]),
    ],
)
def test_rows_are_filtered(test: object, kept: list[int | None]) -> None:
    assert [row["x"] for row in rows_after({"filter": test})] == kept


def test_rows_are_calculated_and_aggregated_by_group() -> None:
    operations = [
        {"op": "mean", "field": "y", "as": "mean"},
        {"op": "count"},
        {"op": "missing", "field": "x"},
        {"op": "stdev", "field": "x"},
    ]
    assert rows_after(
        {"calculate": "datum.x * 2", "as": "y"},
        {"aggregate": operations, "groupby": ["k"]},
    ) == [
        {"k": "a", "mean": 4, "count": 2, "missing_x": 0, "stdev_x": math.sqrt(2)},
        {"k": "b", "mean": 5, "count": 2, "missing_x": 1, "stdev_x": 0},
    ]


def test_totals_are_joined_to_the_rows() -> None:
    total = {"joinaggregate": [{"op": "sum", "field": "x", "as": "total"}]}
    assert [row["total"] for row in rows_after({**total, "groupby": ["k"]})] == [
        *(4, 4),
        *(5, 5),
    ]


def test_columns_are_folded_to_rows() -> None:
    assert [
        (row["key"], row["value"]) for row in rows_after({"fold": ["x", "k"]})[:2]
    ] == [("x", 1), ("k", "a")]


def test_numbers_have_round_bins() -> None:
    found = rows_after({"bin": {"maxbins": 2}, "field": "x", "as": ["low", "high"]})
    assert [(row["low"], row["high"]) for row in found] == [
        (0, 2),
        (2, 4),
        (4, 6),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("unit", "values"),
    [
        ("year", ["2026-01-01", "2026-01-01", "2026-01-01", None]),
        ("yearmonth", ["2026-01-01", "2026-01-01", "2026-03-01", None]),
        ("yearquarter", ["2026-01-01", "2026-01-01", "2026-01-01", None]),
        ("month", ["Jan", "Jan", "Mar", None]),
        ("day", ["Mon", "Tue", "Sun", None]),
        ("date", ["5", "20", "1", None]),
        ("utchours", ["10:00", "10:00", "00:00", None]),
        ("quarter", ["Q1", "Q1", "Q1", None]),
        (
            "yearmonthdatehours",
            ["2026-01-05T10:00", "2026-01-20T10:00", "2026-03-01T00:00", None],
        ),
    ],
)
def test_times_have_units(unit: str, values: list[str | None]) -> None:
    found = rows_after({"timeUnit": unit, "field": "when", "as": "t"})
    assert [row["t"] for row in found] == values


def test_a_channel_has_a_time_unit_in_its_order() -> None:
    rows = [{"t": "2026-03-01"}, {"t": "2026-01-09"}, {"t": 1767225600000}]
    x = {"field": "t", "timeUnit": "month", "type": "temporal"}
    figure = vega(
        mark="bar",
        data={"values": rows},
        encoding={"x": x, "y": {"aggregate": "count"}},
    )
    [bars] = figure["data"]
    assert dict(zip(bars["x"], bars["y"], strict=True)) == {"Mar": 1, "Jan": 2}
    axis = figure["layout"]["xaxis"]
    assert axis["categoryarray"] == ["Jan", "Mar"]
    assert axis["title"]["text"] == "t (month)"


@pytest.mark.parametrize(
    ("transforms", "detail"),
    [
        ([{"density": "x"}], "density"),
        ([{"filter": "window.x"}], "filter: window"),
        ([{"filter": {"param": "brush"}}], "filter: param"),
        ([{"filter": {"field": "x"}}], "filter"),
        ([{"calculate": "datum.x"}], "as"),
        ([{"aggregate": [{"op": "argmax", "field": "x"}]}], "aggregate: argmax"),
        ([{"aggregate": [{"op": "mean"}]}], "aggregate: mean"),
        ([{"aggregate": 1}], "aggregate"),
        ([{"aggregate": [{"op": ["mean"], "field": "x"}]}], "aggregate"),
        ([{"timeUnit": "week", "field": "when", "as": "t"}], "timeUnit: week"),
        ([{"timeUnit": {"unit": "hours", "step": 6}, "field": "when", "as": "t"}], "t"),
        ([{"fold": "x"}], "fold"),
        ([{"bin": {"base": 2}, "field": "x", "as": "b"}], "bin"),
        ([{"bin": {"step": 1e-9}, "field": "x", "as": "b"}], "bin"),
        ([1], "transform"),
        ("filter", "transform"),
        ([{}], "transform"),
        ([{"filter": "true"}] * 31, "transform"),
    ],
)
def test_a_transformation_that_is_not_known_is_named(
    transforms: object, detail: str
) -> None:
    with pytest.raises(UnsupportedChart) as caught:
        transform_rows(transforms, ROWS)
    assert caught.value.gap == "transform"
    assert caught.value.detail.startswith(detail)


def test_transformations_that_would_take_long_are_refused() -> None:
    rows = [{"x": 1}] * 50_000
    wanted = {"filter": {"field": "x", "oneOf": list(range(1000))}}
    with pytest.raises(UnsupportedChart, match="filter: 50000 rows"):
        transform_rows([wanted], rows)
    assert transform_rows([{"filter": "datum.x > 1"}], rows) == []


def test_transformations_are_of_charts_layers_and_panels() -> None:
    few = {"transform": [{"filter": "datum.x > 1"}]}
    points: dict[str, Any] = {"mark": "point", "encoding": {"x": X, "y": Y}}
    for spec in (
        {**few, **points},
        {**few, "layer": [points]},
        {"layer": [{**few, **points}]},
        {**few, "hconcat": [points]},
        {"hconcat": [{**few, **points}]},
        {**few, "repeat": ["x"], "spec": points},
    ):
        [trace] = vega(**spec)["data"]
        assert sorted(trace["x"]) == [2, 3], spec
    figure = vega(**few, facet={"field": "k", "type": "nominal"}, spec=points)
    assert len(figure["data"]) == 1


def axis_of(sort: Any, axis: str = "x") -> dict[str, Any]:
    own = {**K, **({} if sort == "default" else {"sort": sort})}
    other = {"field": "y", "type": "quantitative", "aggregate": "sum"}
    encoding = {axis: own, "y" if axis == "x" else "x": other}
    rows = [{"k": "b", "y": 1}, {"k": "c", "y": 9}, {"k": "a", "y": 4}]
    spec = {"mark": "bar", "encoding": encoding, "data": {"values": rows}}
    figure = vega_figure({"$schema": SCHEMA, **spec})
    found: dict[str, Any] = figure["layout"][f"{axis}axis"]
    return found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("default", ["a", "b", "c"]),
        ("descending", ["c", "b", "a"]),
        (None, ["b", "c", "a"]),
        (["c", "a"], ["c", "a", "b"]),
        ({"field": "y", "order": "descending"}, ["c", "a", "b"]),
    ],
)
def test_categories_have_the_order_of_vega(sort: Any, order: list[str]) -> None:
    assert axis_of(sort)["categoryarray"] == order


def test_the_first_category_is_at_the_top_and_totals_can_give_the_order() -> None:
    assert axis_of("default", "y")["autorange"] == "reversed"
    assert axis_of("-y")["categoryorder"] == "total descending"
    assert "autorange" not in axis_of("default")


def test_cells_have_the_format_of_their_texts() -> None:
    color = {"field": "y", "type": "quantitative", "aggregate": "mean"}
    figure = vega(
        encoding={"x": K, "y": K},
        layer=[
            {"mark": "rect", "encoding": {"color": color}},
            {"mark": "text", "encoding": {"text": {**color, "format": ".2f"}}},
        ],
    )
    [cells] = drawn(figure).data
    assert set(cells["text"]) == {"3.00", "2.00"}
