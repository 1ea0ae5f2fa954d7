"""One mark of a Vega-Lite chart as traces of Plotly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np

from runs.render.previews.drawn_traces import NEUTRAL_LINE
from runs.render.previews.vega_orders import category_order, ordered_values
from runs.render.previews.vega_transforms import OF_NUMBERS, find_bins

MAX_SERIES, MAX_SHAPES, MAX_SLICES = 50, 200, 200
#: Sums and means of as many numbers as a figure has are finite below this.
MAX_NUMBER = 1e300
_MARKERS = {"mode": "markers"}
#: Marks with the type of their traces and their other values.
MARKS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "point": ("scatter", {**_MARKERS, "marker": {"symbol": "circle-open", "size": 7}}),
    "circle": ("scatter", {**_MARKERS, "marker": {"size": 7}}),
    "square": ("scatter", {**_MARKERS, "marker": {"symbol": "square", "size": 7}}),
    "tick": ("scatter", {**_MARKERS, "marker": {"symbol": "line-ns-open", "size": 12}}),
    "line": ("scatter", {"mode": "lines"}),
    "trail": ("scatter", {"mode": "lines"}),
    "area": ("scatter", {"mode": "lines"}),
    "text": ("scatter", {"mode": "text"}),
    "bar": ("bar", {}),
    "rule": ("scatter", {"mode": "lines"}),
    "rect": ("heatmap", {}),
    "arc": ("pie", {}),
    "boxplot": ("box", {}),
}
_LINES = ("line", "trail", "area")
_DISCRETE = ("nominal", "ordinal")
#: Formats of numbers that d3 and Python write the same way.
_FORMAT = re.compile(r",?(\.\d{1,2})?[efg%]|,?d")
#: How far the whiskers of a box reach, in heights of the box.
_WHISKER = 1.5

Row = Mapping[str, Any]
Encoding = Mapping[str, Any]
Channel = Mapping[str, Any]


class UnsupportedEncoding(Exception):
    """The text names what of the encoding is not drawn."""


@dataclass(frozen=True)
class MarkTraces:
    traces: Sequence[dict[str, Any]]
    shapes: Sequence[dict[str, Any]] = ()
    axes: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def mark_traces(
    mark: Mapping[str, Any], encoding: Encoding, rows: Sequence[Row]
) -> MarkTraces:
    """Raises UnsupportedEncoding."""
    name = mark["type"]
    x, y, color = (_channel(encoding, each) for each in ("x", "y", "color"))
    if name == "rule":
        return _rules(encoding, x, y, rows)
    if name == "arc":
        return MarkTraces([_pie(mark, encoding, color, rows)])
    if encoding.get("x2") or encoding.get("y2"):
        raise UnsupportedEncoding("x2, y2")
    if name == "rect":
        trace = _rectangles(x, y, color, rows)
        if mark.get("has_texts"):
            form = mark.get("text_format")
            has_format = isinstance(form, str) and _FORMAT.fullmatch(form)
            trace["texttemplate"] = f"%{{z:{form}}}" if has_format else "%{z}"
        return MarkTraces([trace], axes={"xaxis": _axis(x), "yaxis": _axis(y)})
    axes = {
        "xaxis": _axis(x) | category_order(x, rows),
        "yaxis": _axis(y) | category_order(y, rows),
    }
    if "categoryorder" in axes["yaxis"]:
        # The first category is at the top.
        axes["yaxis"]["autorange"] = "reversed"
    if name == "boxplot":
        return MarkTraces(_boxes(mark, encoding, rows), axes=axes)
    rows, x = _binned(rows, x, "x")
    rows, y = _binned(rows, y, "y")
    traces = [
        _trace(mark, part, x, y, encoding, label)
        for label, part in _series(rows, color).items()
    ]
    if name == "area" and len(traces) > 1:
        for trace in traces:
            # Each area begins where the one below it ends.
            trace |= {"stackgroup": "1", "fill": "tonexty"}
    return MarkTraces(traces, axes=axes)


def _channel(encoding: Encoding, name: str) -> Channel:
    found = encoding.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnsupportedEncoding(name)
    if found.get("timeUnit"):
        raise UnsupportedEncoding("timeUnit")
    if found.get("bin") and name == "color":
        raise UnsupportedEncoding("bin")
    aggregate = found.get("aggregate")
    if aggregate is not None and aggregate not in ("count", *OF_NUMBERS):
        raise UnsupportedEncoding(str(aggregate)[:40])
    # In Vega-Lite null is the same as none.
    return {k: each for k, each in found.items() if each is not None or k == "sort"}


def _series(rows: Sequence[Row], color: Channel) -> dict[str, list[Row]]:
    name = color.get("field")
    # Colors of numbers are a scale, not lines of their own.
    if not isinstance(name, str) or color.get("type") == "quantitative":
        label = color.get("datum")
        return {label if isinstance(label, str) else "": list(rows)}
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.get(name)), []).append(row)
        if len(found) > MAX_SERIES:
            raise UnsupportedEncoding("color")
    return found


def _trace(
    definition: Mapping[str, Any],
    rows: Sequence[Row],
    x: Channel,
    y: Channel,
    encoding: Encoding,
    name: str,
) -> dict[str, Any]:
    mark = definition["type"]
    kind, options = MARKS[mark]
    if mark in _LINES:
        rows = _in_order(rows, x)
    if mark == "text":
        return _texts(definition, rows, x, y, encoding, name)
    if "aggregate" in x or "aggregate" in y:
        across, up = _aggregated(rows, x, y)
    else:
        across, up = _values(rows, x), _values(rows, y)
    trace: dict[str, Any] = {
        "type": kind,
        "name": name,
        "x": across,
        "y": up,
        **options,
    }
    if mark == "area":
        trace["fill"] = "tozeroy"
    if mark == "tick" and y.get("type") == "quantitative" != x.get("type"):
        trace["marker"] = {"symbol": "line-ew-open", "size": 12}
    if kind == "bar" and x.get("type") == "quantitative" != y.get("type"):
        trace["orientation"] = "h"
    shades = _shades(rows, encoding) if options.get("mode") == "markers" else None
    if shades is None and (color := _own_color(definition, encoding)):
        shades = {"color": color}
    if shades:
        trace["marker"] = {**trace.get("marker", {}), **shades}
    return trace


def _own_color(mark: Mapping[str, Any], encoding: Encoding) -> str | None:
    """The color of a whole mark, if it has one."""
    channel = _channel(encoding, "color")
    if channel.get("field"):
        return None
    color = channel.get("value") or mark.get("color") or mark.get("stroke")
    return color if isinstance(color, str) else None


def _shades(rows: Sequence[Row], encoding: Encoding) -> dict[str, Any] | None:
    """Colors by a number."""
    color = _channel(encoding, "color")
    if color.get("type") != "quantitative" or not color.get("field"):
        return None
    return {"color": _values(rows, color), "colorscale": "Viridis"}


def _in_order(rows: Sequence[Row], x: Channel) -> Sequence[Row]:
    """Vega-Lite draws lines in the order of their x."""
    name = x.get("field")
    if not isinstance(name, str) or x.get("type") in _DISCRETE:
        return rows
    try:
        return sorted(rows, key=lambda row: row[name])
    except (KeyError, TypeError):
        return rows


def _values(rows: Sequence[Row], channel: Channel) -> list[Any]:
    name, constant = channel.get("field"), channel.get("datum")
    plain = (row.get(name) if isinstance(name, str) else constant for row in rows)
    return [v if isinstance(v, str | int | float) else None for v in plain]


def _binned(
    rows: Sequence[Row], channel: Channel, axis: str
) -> tuple[Sequence[Row], Channel]:
    """Replace the numbers of a channel with bins by the middles of their bins."""
    bins, name = channel.get("bin"), channel.get("field")
    if not bins:
        return rows, channel
    numbers = [row.get(name) for row in rows] if isinstance(name, str) else []
    finite = [float(v) for v in numbers if _is_number(v)]
    if not finite:
        raise UnsupportedEncoding("bin")
    steps = find_bins({} if bins is True else bins, finite)
    places = [sum(steps.ends(v)) / 2 for v in finite]
    kept = [row for row, v in zip(rows, numbers, strict=True) if _is_number(v)]
    key = f"bin of {axis}"
    moved = [{**row, key: place} for row, place in zip(kept, places, strict=True)]
    # Bars of different values stand next to each other, as for a category.
    return moved, {**channel, "field": key, "type": "ordinal"}


def _aggregated(
    rows: Sequence[Row], x: Channel, y: Channel
) -> tuple[list[Any], list[Any]]:
    """Combine the rows with the same value on the axis that is not aggregated."""
    if "aggregate" in x and "aggregate" in y:
        raise UnsupportedEncoding("aggregate")
    by, of = (y, x) if "aggregate" in x else (x, y)
    groups: dict[Any, list[Any]] = {}
    for key, value in zip(_values(rows, by), _values(rows, of), strict=True):
        groups.setdefault(key, []).append(value)
    results = [_combine(of["aggregate"], values) for values in groups.values()]
    keys = list(groups)
    return (results, keys) if "aggregate" in x else (keys, results)


def _combine(name: str, values: Sequence[Any]) -> float | None:
    if name == "count":
        return len(values)
    numbers = [v for v in values if _is_number(v)]
    return OF_NUMBERS[name](numbers) if numbers else None


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it can be computed with: not of NaN, infinity or a very large integer."""
    return isinstance(value, int | float) and abs(value) < MAX_NUMBER


def _texts(
    mark: Mapping[str, Any],
    rows: Sequence[Row],
    x: Channel,
    y: Channel,
    encoding: Encoding,
    name: str,
) -> dict[str, Any]:
    channel = _channel(encoding, "text")
    if not x or not y:
        raise UnsupportedEncoding("text")
    if "aggregate" in x or "aggregate" in y:
        across, up = _aggregated(rows, x, y)
        places = _values(rows, y if "aggregate" in x else x)
    else:
        across, up = _values(rows, x), _values(rows, y)
        places = list(range(len(rows)))
        if "aggregate" in channel:
            places = list(zip(across, up, strict=True))
            across, up = map(list, zip(*dict.fromkeys(places), strict=True))
    constant = channel.get("value") or mark.get("text")
    has_values = "field" in channel or "datum" in channel
    groups: dict[Any, list[Any]] = {}
    for place, value in zip(places, _values(rows, channel), strict=True):
        groups.setdefault(place, []).append(value if has_values else constant)
    how = channel.get("aggregate")
    values = [_combine(how, own) if how else own[0] for own in groups.values()]
    return {
        "type": "scatter",
        "mode": "text",
        "name": name,
        "x": across,
        "y": up,
        "text": [_formatted(value, channel.get("format")) for value in values],
        "textposition": _text_position(mark),
    }


def _text_position(mark: Mapping[str, Any]) -> str:
    """Texts start where their alignment says, or are moved to the side."""
    right, down = mark.get("dx"), mark.get("dy")
    across = {"left": "right", "right": "left"}.get(str(mark.get("align")))
    if across is None and _is_number(right) and right:
        across = "right" if right > 0 else "left"
    up = {"bottom": "top", "top": "bottom"}.get(str(mark.get("baseline")))
    if up is None and _is_number(down) and down:
        up = "bottom" if down > 0 else "top"
    return f"{up or 'middle'} {across or 'center'}"


def _formatted(value: object, form: object) -> str:
    if value is None:
        return ""
    if not _is_number(value) or isinstance(value, bool):
        return str(value)
    if isinstance(form, str) and _FORMAT.fullmatch(form):
        return format(round(value) if form.endswith("d") else float(value), form)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _pie(
    mark: Mapping[str, Any], encoding: Encoding, color: Channel, rows: Sequence[Row]
) -> dict[str, Any]:
    """Slices in the order of their first rows, as sums by the field of the color."""
    for name in ("theta2", "radius", "radius2"):
        if encoding.get(name):
            raise UnsupportedEncoding(name)
    theta = _channel(encoding, "theta")
    labels = _values(rows, color) if color.get("field") else range(1, len(rows) + 1)
    groups: dict[str, list[Any]] = {}
    for label, value in zip(labels, _values(rows, theta), strict=True):
        groups.setdefault(str(label), []).append(value)
    how = theta.get("aggregate") or ("sum" if theta.get("field") else "count")
    sizes = [_combine(how, values) or 0 for values in groups.values()]
    # There are no negative slices.
    if not sizes or min(sizes) < 0 or len(sizes) > MAX_SLICES:
        raise UnsupportedEncoding("theta")
    inner = mark.get("innerRadius")
    is_ring = isinstance(inner, int | float) and inner > 0
    return {
        "type": "pie",
        "labels": list(groups),
        "values": sizes,
        "hole": 0.5 if is_ring else 0,
        "sort": False,
        "direction": "clockwise",
        "textinfo": "label+percent" if mark.get("has_texts") else "percent",
    }


def _boxes(
    mark: Mapping[str, Any], encoding: Encoding, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """Boxes by color, with the quartiles and whiskers of Vega-Lite."""
    x, y, color = (_channel(encoding, each) for each in ("x", "y", "color"))
    is_flat = x.get("type") == "quantitative" != y.get("type")
    of, by = (x, y) if is_flat else (y, x)
    extent = mark.get("extent", _WHISKER)
    is_number = isinstance(extent, int | float) and extent >= 0
    if not of.get("field") or "aggregate" in of or of.get("bin") or by.get("bin"):
        raise UnsupportedEncoding("boxplot")
    if not is_number and extent != "min-max":
        raise UnsupportedEncoding("extent")
    reach = extent if is_number else math.inf
    found = []
    for label, part in _series(rows, color).items():
        groups: dict[str, list[float]] = {}
        for place, value in zip(_values(part, by), _values(part, of), strict=True):
            if _is_number(value):
                groups.setdefault(str(place if by else label), []).append(value)
        if groups:
            found += _box_traces(groups, reach, label, is_flat=is_flat)
    has_offset = "xOffset" in encoding or "yOffset" in encoding
    # Boxes next to each other leave no place of their own for single values.
    return [each for each in found if each["type"] == "box" or not has_offset]


def _box_traces(
    groups: Mapping[str, Sequence[float]], reach: float, name: str, *, is_flat: bool
) -> list[dict[str, Any]]:
    keys = ("lowerfence", "q1", "median", "q3", "upperfence")
    ends: dict[str, list[float]] = {key: [] for key in keys}
    at, along = ("y", "x") if is_flat else ("x", "y")
    dots: dict[str, list[Any]] = {at: [], along: []}
    for place, values in groups.items():
        first, median, third = np.percentile(values, [25, 50, 75]).tolist()
        size = reach * (third - first) if third > first else 0.0
        size = math.inf if reach == math.inf else size
        inside = [v for v in values if first - size <= v <= third + size]
        row = (min([first, *inside]), first, median, third, max([third, *inside]))
        for key, value in zip(keys, row, strict=True):
            ends[key].append(value)
        outside = [v for v in values if not first - size <= v <= third + size]
        dots[at] += [place] * len(outside)
        dots[along] += outside
    box = {"type": "box", "name": name, at: list(groups), **ends}
    box["orientation"] = "h" if is_flat else "v"
    points = {"type": "scatter", "mode": "markers", "name": name, **dots}
    return [box, {**points, "marker": {"size": 5}}] if dots[at] else [box]


def _rectangles(
    x: Channel, y: Channel, color: Channel, rows: Sequence[Row]
) -> dict[str, Any]:
    """A heat map: its cells are the pairs of values of both axes."""
    if any(one.get("bin") or "aggregate" in one for one in (x, y)):
        raise UnsupportedEncoding("bin")
    across, down = _values(rows, x), _values(rows, y)
    groups: dict[tuple[Any, Any], list[Any]] = {}
    for place, value in zip(
        zip(across, down, strict=True), _values(rows, color), strict=True
    ):
        groups.setdefault(place, []).append(value)
    name = color.get("aggregate") or "max"
    columns, lines = (
        list(dict.fromkeys(map(str, ordered_values(channel, rows))))
        for channel in (x, y)
    )
    if len(columns) * len(lines) > 10_000:
        raise UnsupportedEncoding("rect")
    cells = {
        (str(column), str(line)): _combine(name, values)
        for (column, line), values in groups.items()
    }
    return {
        "type": "heatmap",
        "x": columns,
        # Vega-Lite starts at the top, Plotly at the bottom.
        "y": lines[::-1],
        "z": [[cells.get((one, line)) for one in columns] for line in lines[::-1]],
        "colorscale": "Blues",
    }


def _rules(
    encoding: Encoding, x: Channel, y: Channel, rows: Sequence[Row]
) -> MarkTraces:
    """Lines across the whole chart, or between two ends."""
    axes = {name: _axis(each) for name, each in (("xaxis", x), ("yaxis", y)) if each}
    if x and y:
        return MarkTraces([_segments(encoding, x, y, rows)], axes=axes)
    channel, axis = (x, "x") if x else (y, "y")
    if not channel:
        raise UnsupportedEncoding("rule")
    if "aggregate" in channel:
        values = [_combine(channel["aggregate"], _values(rows, channel))]
    else:
        values = _values(rows or [{}], channel)
    other = "y" if axis == "x" else "x"
    shapes = [
        {
            "type": "line",
            f"{axis}0": value,
            f"{axis}1": value,
            f"{other}0": 0,
            f"{other}1": 1,
            f"{other}ref": "paper",
            "line": {"width": 1, "color": NEUTRAL_LINE},
        }
        for value in list(dict.fromkeys(values))[:MAX_SHAPES]
        if value is not None
    ]
    return MarkTraces([], shapes, axes)


def _segments(
    encoding: Encoding, x: Channel, y: Channel, rows: Sequence[Row]
) -> dict[str, Any]:
    if "aggregate" in x or "aggregate" in y:
        raise UnsupportedEncoding("aggregate")
    ends_x = _values(rows, _channel(encoding, "x2") or x)
    ends_y = _values(rows, _channel(encoding, "y2") or y)
    across, up = [], []
    for row in zip(_values(rows, x), ends_x, _values(rows, y), ends_y, strict=True):
        across += [row[0], row[1], None]
        up += [row[2], row[3], None]
    return {"type": "scatter", "name": "", "x": across, "y": up, "mode": "lines"}


def _axis(channel: Channel) -> dict[str, Any]:
    title, name = channel.get("title"), channel.get("field")
    shown = title or name or channel.get("aggregate") or ""
    axis: dict[str, Any] = {"title": {"text": str(shown)}, "automargin": True}
    scale = channel.get("scale")
    if isinstance(scale, dict) and scale.get("type") == "log":
        axis["type"] = "log"
    if isinstance(scale, dict) and scale.get("zero") is True:
        axis["rangemode"] = "tozero"
    if channel.get("type") == "temporal":
        axis["type"] = "date"
    if channel.get("type") in _DISCRETE:
        axis["type"] = "category"
    return axis
