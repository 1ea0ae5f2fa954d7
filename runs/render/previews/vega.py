"""Vega-Lite charts as Plotly figures: common marks, in layers, with their data inside.

Vega itself is a language of programs, and is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from runs.render.previews.content import InvalidContent
from runs.render.previews.vega_marks import (
    MARKS,
    Encoding,
    Row,
    UnsupportedEncoding,
    mark_traces,
)

MAX_ROWS, MAX_LAYERS = 50_000, 20
_COMPOSED = ("hconcat", "vconcat", "concat", "facet", "repeat", "spec")
_FACETS = ("row", "column", "facet")


class VegaGap(StrEnum):
    """Why a chart is not drawn."""

    VEGA = "vega"
    COMPOSED = "composed"
    TRANSFORM = "transform"
    DATA = "data"
    MARK = "mark"
    ENCODING = "encoding"


class UnsupportedChart(InvalidContent):
    """`detail` names the part of the specification, if there is one."""

    def __init__(self, gap: VegaGap, detail: str = "") -> None:
        super().__init__(gap, detail)
        self.gap, self.detail = gap, detail[:60]


def is_vega(document: object) -> bool:
    """Whether it is a specification of Vega or Vega-Lite."""
    if not isinstance(document, dict):
        return False
    schema = document.get("$schema")
    return isinstance(schema, str) and "vega.github.io/schema/vega" in schema


def vega_figure(document: object) -> dict[str, Any]:
    """Translate a chart with its data inside to a Plotly figure.

    Raises UnsupportedChart.
    """
    if not isinstance(document, dict):
        raise InvalidContent
    if "vega-lite" not in str(document.get("$schema")):
        raise UnsupportedChart(VegaGap.VEGA)
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    layers = _layers(document, {}, None)
    for mark, encoding, rows in layers:
        try:
            found = mark_traces(mark, encoding, rows)
        except UnsupportedEncoding as error:
            raise UnsupportedChart(VegaGap.ENCODING, str(error)) from error
        traces += found.traces
        shapes += found.shapes
        for name, axis in found.axes.items():
            # The first layer that names an axis settles its title and type.
            axes.setdefault(name, {})
            axes[name] = {**axis, **{k: v for k, v in axes[name].items() if v}}
    has_offset = any("xOffset" in encoding for _mark, encoding, _rows in layers)
    layout = {
        "title": {"text": _title(document.get("title"))},
        **axes,
        "showlegend": sum(bool(trace.get("name")) for trace in traces) > 1,
        "barmode": "group" if has_offset else "stack",
        "shapes": shapes,
    }
    return {"data": traces, "layout": layout}


def _title(title: object) -> str:
    text = title.get("text") if isinstance(title, dict) else title
    return text if isinstance(text, str) else ""


def _layers(
    spec: Mapping[str, Any], encoding: Encoding, rows: Sequence[Row] | None
) -> list[tuple[Mapping[str, Any], Encoding, Sequence[Row]]]:
    """Return mark, encoding and rows of each layer; inner ones inherit from outer."""
    for name in _COMPOSED:
        if name in spec:
            raise UnsupportedChart(VegaGap.COMPOSED, name)
    if spec.get("transform"):
        raise UnsupportedChart(VegaGap.TRANSFORM)
    own = spec.get("encoding")
    merged = {**encoding, **(own if isinstance(own, dict) else {})}
    for name in _FACETS:
        if name in merged:
            raise UnsupportedChart(VegaGap.COMPOSED, name)
    # Data sets with names are in the outermost part.
    rows = _rows(spec, rows) if "data" in spec else rows
    inner = spec.get("layer")
    if inner is None:
        mark = _mark(spec.get("mark"))
        # Only a rule can have its place in the specification itself.
        if rows is None and mark["type"] != "rule":
            raise UnsupportedChart(VegaGap.DATA)
        return [(mark, merged, rows or ())]
    if not isinstance(inner, list) or not 0 < len(inner) <= MAX_LAYERS:
        raise UnsupportedChart(VegaGap.COMPOSED, "layer")
    found = []
    for each in inner:
        if not isinstance(each, dict) or "layer" in each:
            raise UnsupportedChart(VegaGap.COMPOSED, "layer")
        sets = {"datasets": spec.get("datasets"), **each}
        found += _layers(sets, merged, rows)
    return found


def _mark(mark: object) -> Mapping[str, Any]:
    found = mark if isinstance(mark, dict) else {"type": mark}
    name = found.get("type")
    if not isinstance(name, str) or name not in MARKS:
        raise UnsupportedChart(VegaGap.MARK, str(name))
    return found


def _rows(spec: Mapping[str, Any], outer: Sequence[Row] | None) -> Sequence[Row] | None:
    data = spec.get("data")
    if data is None:
        return outer
    values = data.get("values") if isinstance(data, dict) else None
    if values is None and isinstance(data, dict):
        sets = spec.get("datasets")
        name = data.get("name")
        is_named = isinstance(sets, dict) and isinstance(name, str)
        values = sets.get(name) if is_named else None  # type: ignore[union-attr]
    if not isinstance(values, list) or len(values) > MAX_ROWS:
        raise UnsupportedChart(VegaGap.DATA)
    # A list of plain values has one column of this name.
    return [row if isinstance(row, dict) else {"data": row} for row in values]
