"""Traces that the vendored bundle of Plotly lacks, drawn with those that it has.

The bundle has scatter, bar and pie. Histograms, heat maps and box plots are bars here,
whose heights, colors and ends the server computes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.render.previews.color_scales import read_scale
from runs.render.previews.packed_arrays import plain_values

#: Cells of a heat map, and boxes of a trace; more are shown as a table.
MAX_HEATMAP_CELLS, MAX_BOXES = 10_000, 200
#: A heat map with up to this many cells has their values as texts.
MAX_TEXT_CELLS = 144
MAX_OUTLIERS, MAX_BINS = 1000, 100
#: Labels on an axis of a heat map.
_MAX_LABELS = 24
_DECIMALS = re.compile(r"%\{z:\.(\d)f\}")
#: Seen on the colors of boxes, in light and dark.
_BOX_LINE = "rgba(0, 0, 0, 0.6)"
#: Seen on the ground of the page, in light and dark.
NEUTRAL_LINE = "#7f8792"
_WHISKER = 1.5
_KEPT_KEYS = (
    *("name", "marker", "opacity", "showlegend", "legendgroup"),
    *("offsetgroup", "alignmentgroup"),
)
_LARGEST = 1e300


@dataclass(frozen=True)
class DrawnTrace:
    """`traces` of the bundle's types, and what they need of the layout."""

    traces: Sequence[dict[str, Any]]
    layout: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def draw_traces(
    traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]
) -> list[DrawnTrace | None]:
    """Return what draws each trace; None where nothing in the bundle does."""
    uses = Counter(axis_keys(trace) for trace in traces)
    boxes = sum(trace.get("type") == "box" for trace in traces)
    # Boxes next to each other leave no place of their own for single values.
    has_outliers = boxes == 1 or layout.get("boxmode") != "group"
    return [
        _drawn_trace(
            trace,
            layout,
            has_own_axes=uses[axis_keys(trace)] == 1,
            has_outliers=has_outliers,
        )
        for trace in traces
    ]


def _drawn_trace(
    trace: Mapping[str, Any],
    layout: Mapping[str, Any],
    *,
    has_own_axes: bool,
    has_outliers: bool,
) -> DrawnTrace | None:
    match trace.get("type") or "scatter":
        case "scatter" | "bar" | "pie":
            return DrawnTrace([dict(trace)])
        case "scattergl":
            # The bundle has no WebGL; the same points are drawn without it.
            return DrawnTrace([{**trace, "type": "scatter"}])
        case "histogram":
            bars = _histogram_bars(trace)
            return DrawnTrace([bars]) if bars else None
        case "heatmap" if has_own_axes:
            return _heatmap(trace, layout)
        case "box":
            return _boxes(trace, has_outliers=has_outliers)
        case _:
            return None


def axis_keys(trace: Mapping[str, Any]) -> tuple[str, str]:
    """Return the keys of the layout that have the trace's axes, as xaxis2."""
    return _axis_key(trace, "x"), _axis_key(trace, "y")


def _axis_key(trace: Mapping[str, Any], letter: str) -> str:
    axis = trace.get(f"{letter}axis")
    number = axis[1:] if isinstance(axis, str) and axis[1:].isdigit() else ""
    return f"{letter}axis{number}"


def _axes(trace: Mapping[str, Any]) -> dict[str, Any]:
    return {key: trace[key] for key in ("xaxis", "yaxis") if key in trace}


# Histograms


def _histogram_bars(trace: Mapping[str, Any]) -> dict[str, Any] | None:
    name = "x" if trace.get("x") is not None else "y"
    values = plain_values(trace.get(name))
    numbers = _finite(values)
    if numbers is None:
        counts: dict[str, int] = {}
        for value in values:
            counts[str(value)] = counts.get(str(value), 0) + 1
        return _bars(trace, name, list(counts), list(counts.values()))
    if not numbers.size or not np.isfinite(np.ptp(numbers)):
        return None
    bins = trace.get("nbinsx") or trace.get("nbinsy")
    count = bins if isinstance(bins, int) and 0 < bins <= 500 else 0
    found, edges = np.histogram(numbers, bins=count or _bin_count(numbers.size))
    middles = (edges[:-1] + edges[1:]) / 2
    return _bars(trace, name, middles.tolist(), found.tolist())


def _finite(values: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return the finite numbers; None if there are other values."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers[np.isfinite(numbers)] if numbers.ndim == 1 else numbers[:0].ravel()


def _bin_count(size: int) -> int:
    return max(1, min(MAX_BINS, math.ceil(math.sqrt(size))))


def _bars(
    trace: Mapping[str, Any], name: str, places: list[Any], heights: list[Any]
) -> dict[str, Any]:
    kept = {key: trace[key] for key in _KEPT_KEYS if key in trace}
    other = "y" if name == "x" else "x"
    turned = {"orientation": "h"} if name == "y" else {}
    return {
        "type": "bar",
        name: places,
        other: heights,
        **kept,
        **_axes(trace),
        **turned,
    }


# Heat maps


def _heatmap(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> DrawnTrace | None:
    """Each cell is a bar of height 1 that starts at its row."""
    grid = [row for row in plain_values(trace.get("z")) if isinstance(row, list)]
    width = max(map(len, grid), default=0)
    if not width or len(grid) * width > MAX_HEATMAP_CELLS:
        return None
    across = _labels(trace.get("x"), width)
    down = _labels(trace.get("y"), len(grid))
    cells = [
        (row, column, value)
        for row, values in enumerate(grid)
        for column, value in enumerate(values)
        if _is_finite_number(value)
    ]
    scale = read_scale(trace, layout, [value for _row, _column, value in cells])
    has_texts = bool(trace.get("texttemplate")) or len(cells) <= MAX_TEXT_CELLS
    x_key, y_key = axis_keys(trace)
    bars = {
        "type": "bar",
        "x": [column for _row, column, _value in cells],
        "y": [1] * len(cells),
        "base": [row - 0.5 for row, _column, _value in cells],
        "width": 1,
        "marker": {
            "color": [scale.color(value) for _row, _column, value in cells],
            "line": {"width": 0},
        },
        "text": [_written(value, trace) for _row, _column, value in cells],
        "textposition": "inside" if has_texts else "none",
        "insidetextanchor": "middle",
        "textangle": 0,
        "hoverinfo": "text",
        "hovertext": [
            f"{across[column]}, {down[row]}: {_short(value)}"
            for row, column, value in cells
        ],
        "showlegend": False,
        **_axes(trace),
    }
    return DrawnTrace(
        [bars],
        {
            x_key: _cell_axis(across, layout.get(x_key)),
            y_key: _cell_axis(down, layout.get(y_key)),
        },
    )


def _labels(values: object, count: int) -> list[str]:
    found = plain_values(values)
    return [
        (_short(found[at]) if at < len(found) else str(at))[:80] for at in range(count)
    ]


def _cell_axis(labels: Sequence[str], axis: object) -> dict[str, Any]:
    """Cells are at whole numbers, and the axis has their labels."""
    every = -(-len(labels) // _MAX_LABELS)
    ends = [-0.5, len(labels) - 0.5]
    is_reversed = isinstance(axis, dict) and axis.get("autorange") == "reversed"
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(range(0, len(labels), every)),
        "ticktext": labels[::every],
        "range": ends[::-1] if is_reversed else ends,
        "autorange": False,
        "showgrid": False,
        "zeroline": False,
    }


def _is_finite_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # An integer in JSON can be larger than any float.
    return is_number and abs(value) < _LARGEST  # type: ignore[arg-type]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# Boxes


@dataclass(frozen=True)
class _Box:
    place: Any
    low: float
    first: float
    median: float
    third: float
    high: float
    outliers: Sequence[float] = ()


def _boxes(trace: Mapping[str, Any], *, has_outliers: bool) -> DrawnTrace | None:
    """Each box is two bars from its median, with the whiskers as their error bars."""
    orientation = trace.get("orientation")
    is_flat = orientation == "h" or (
        orientation != "v" and trace.get("y") is None and trace.get("x") is not None
    )
    at, along = ("y", "x") if is_flat else ("x", "y")
    boxes = _found_boxes(trace, at, along, reach=_WHISKER if has_outliers else math.inf)
    if not boxes:
        return None
    kept = {key: trace[key] for key in _KEPT_KEYS if key in trace}
    kept["marker"] = _outlined(trace)
    ups = [(box, box.third, box.high - box.third, 0.0) for box in boxes]
    downs = [(box, box.first, 0.0, box.first - box.low) for box in boxes]
    bars = {
        "type": "bar",
        at: [box.place for box, *_rest in ups + downs],
        along: [end - box.median for box, end, _up, _down in ups + downs],
        "base": [box.median for box, *_rest in ups + downs],
        f"error_{along}": {
            "type": "data",
            "symmetric": False,
            "array": [up for _box, _end, up, _down in ups + downs],
            "arrayminus": [down for _box, _end, _up, down in ups + downs],
            "thickness": 1,
            "color": NEUTRAL_LINE,
        },
        "opacity": 0.8,
        "hoverinfo": "text",
        "hovertext": [_box_text(box) for box, *_rest in ups + downs],
        **kept,
        **_axes(trace),
        **({"orientation": "h"} if is_flat else {}),
    }
    outliers = [(box.place, value) for box in boxes for value in box.outliers]
    if not outliers:
        return DrawnTrace([bars])
    dots = {
        "type": "scatter",
        "mode": "markers",
        at: [place for place, _value in outliers[:MAX_OUTLIERS]],
        along: [value for _place, value in outliers[:MAX_OUTLIERS]],
        "marker": {"size": 5, **_color_of(trace)},
        "showlegend": False,
        **{key: trace[key] for key in ("name", "legendgroup") if key in trace},
        **_axes(trace),
    }
    return DrawnTrace([bars, dots])


def _outlined(trace: Mapping[str, Any]) -> dict[str, Any]:
    """The edge between the two bars of a box is the line of its median."""
    marker = trace.get("marker")
    own = marker if isinstance(marker, dict) else {}
    return {**own, "line": {"width": 1, "color": _BOX_LINE}}


def _written(value: float, trace: Mapping[str, Any]) -> str:
    """Write a value of a heat map, with the decimals of its template."""
    match = _DECIMALS.search(str(trace.get("texttemplate")))
    return f"{value:.{match[1]}f}" if match else _short(value)


def _color_of(trace: Mapping[str, Any]) -> dict[str, Any]:
    marker = trace.get("marker")
    color = marker.get("color") if isinstance(marker, dict) else None
    return {"color": color} if isinstance(color, str) else {}


def _box_text(box: _Box) -> str:
    values = (box.low, box.first, box.median, box.third, box.high)
    return f"{box.place}: {' · '.join(map(_short, values))}"


def _found_boxes(
    trace: Mapping[str, Any], at: str, along: str, *, reach: float
) -> list[_Box]:
    name = trace.get("name")
    default = name if isinstance(name, str) and name else ""
    quartiles = [plain_values(trace.get(key)) for key in ("q1", "median", "q3")]
    places = plain_values(trace.get(at))
    if all(quartiles):
        return _computed_boxes(trace, quartiles, places)
    groups: dict[Any, list[Any]] = {}
    for number, value in enumerate(plain_values(trace.get(along))):
        place = places[number] if number < len(places) else default
        groups.setdefault(place if isinstance(place, int | float) else str(place), [])
        groups[place if isinstance(place, int | float) else str(place)].append(value)
    if len(groups) > MAX_BOXES:
        return []
    found = (_box_of(place, values, reach) for place, values in groups.items())
    return [box for box in found if box is not None]


def _computed_boxes(
    trace: Mapping[str, Any], quartiles: Sequence[Sequence[Any]], places: Sequence[Any]
) -> list[_Box]:
    lows = plain_values(trace.get("lowerfence")) or quartiles[0]
    highs = plain_values(trace.get("upperfence")) or quartiles[2]
    rows = list(zip(lows, *quartiles, highs, strict=False))[:MAX_BOXES]
    return [
        _Box(places[number] if number < len(places) else str(number), *row)
        for number, row in enumerate(rows)
        if all(map(_is_finite_number, row))
    ]


def _box_of(place: Any, values: Sequence[Any], reach: float) -> _Box | None:
    numbers = _finite(values)
    if numbers is None or not numbers.size:
        return None
    # Plotly's own rule for quartiles.
    first, median, third = np.percentile(numbers, [25, 50, 75], method="hazen").tolist()
    ends = reach * (third - first) if third > first or reach < math.inf else math.inf
    is_inside = (numbers >= first - ends) & (numbers <= third + ends)
    inside, outliers = numbers[is_inside], numbers[~is_inside]
    low = min(inside.min().item(), first) if inside.size else first
    high = max(inside.max().item(), third) if inside.size else third
    return _Box(place, low, first, median, third, high, outliers.tolist())
