"""One mark of a Vega-Lite chart as traces of Plotly."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np

MAX_SERIES, MAX_SHAPES, MAX_BINS = 50, 200, 100
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
}
_LINES = ("line", "trail", "area")
_DISCRETE = ("nominal", "ordinal")
_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "average": statistics.fmean,
    "sum": sum,
    "min": min,
    "max": max,
    "median": statistics.median,
}

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
    if encoding.get("x2") or encoding.get("y2"):
        raise UnsupportedEncoding("x2, y2")
    axes = {"xaxis": _axis(x), "yaxis": _axis(y)}
    if name == "rect":
        return MarkTraces([_rectangles(x, y, color, rows)], axes=axes)
    rows, x = _binned(rows, x, "x")
    rows, y = _binned(rows, y, "y")
    traces = [
        _trace(name, part, x, y, encoding, label)
        for label, part in _series(rows, color).items()
    ]
    if name == "area" and len(traces) > 1:
        for trace in traces:
            trace["stackgroup"] = "1"
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
    if aggregate is not None and aggregate not in ("count", *_AGGREGATES):
        raise UnsupportedEncoding(str(aggregate)[:40])
    # In Vega-Lite null is the same as none.
    return {key: each for key, each in found.items() if each is not None}


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
    mark: str,
    rows: Sequence[Row],
    x: Channel,
    y: Channel,
    encoding: Encoding,
    name: str,
) -> dict[str, Any]:
    kind, options = MARKS[mark]
    if mark in _LINES:
        rows = _in_order(rows, x)
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
    if mark == "text":
        trace["text"] = [str(v) for v in _values(rows, _channel(encoding, "text"))]
    if mark == "tick" and y.get("type") == "quantitative" != x.get("type"):
        trace["marker"] = {"symbol": "line-ew-open", "size": 12}
    if kind == "bar" and x.get("type") == "quantitative" != y.get("type"):
        trace["orientation"] = "h"
    shades = _shades(rows, encoding) if options.get("mode") == "markers" else None
    if shades:
        trace["marker"] = {**options["marker"], **shades}
    return trace


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
    most = bins.get("maxbins") if isinstance(bins, dict) else None
    count = min(most, MAX_BINS) if isinstance(most, int) and most > 0 else 10
    numbers = [row.get(name) for row in rows] if isinstance(name, str) else []
    finite = [float(v) for v in numbers if _is_number(v)]
    if not finite:
        raise UnsupportedEncoding("bin")
    try:
        edges = np.histogram_bin_edges(finite, count)
    except ValueError as error:
        # No numbers lie between these, so bins would have no width.
        raise UnsupportedEncoding("bin") from error
    middles = ((edges[:-1] + edges[1:]) / 2).tolist()
    places = np.clip(np.searchsorted(edges, finite, "right") - 1, 0, count - 1).tolist()
    kept = [row for row, v in zip(rows, numbers, strict=True) if _is_number(v)]
    key = f"bin of {axis}"
    moved = [
        {**row, key: middles[place]} for row, place in zip(kept, places, strict=True)
    ]
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
    return _AGGREGATES[name](numbers) if numbers else None


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it can be computed with: not of NaN, infinity or a very large integer."""
    return isinstance(value, int | float) and abs(value) < MAX_NUMBER


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
    columns, lines = (sorted(set(map(str, values))) for values in (across, down))
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
            "line": {"width": 1},
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
    axis: dict[str, Any] = {"title": {"text": str(shown)}}
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
