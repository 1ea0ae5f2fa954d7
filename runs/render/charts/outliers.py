"""Lines that leave the range of the axis: cut there, with a mark at the edge."""

from __future__ import annotations

from collections.abc import Sequence

from runs.render.charts.axes import Trace
from runs.render.charts.metric_lines import Line
from runs.render.charts.nonfinite_markers import (
    clamp_to_drawable,
    is_nonfinite,
    nonfinite_markers,
    set_marker_labels,
)
from runs.render.formats import tooltip_format

#: Where the marks stand, from 0 (bottom) to 1 (top).
BOTTOM, TOP = 0.04, 0.96


def cut_at_range(
    data: Sequence[Trace], lines: Sequence[Line], low: float, high: float
) -> tuple[list[Trace], int]:
    """The traces with all values near the range, and marks; how many lines leave it.

    The tooltip still has the real values. Far values would break Plotly's lines.
    """
    space = high / 2 - low / 2
    # The band of a line that is mostly outside would cover all other lines.
    hidden = {
        line.key
        for line in lines
        if 2 * len(_places_outside(line, low, high)) > len(line.values)
    }
    cut = [
        _cut_trace(trace, low - space, high + space)
        if trace["meta"]["part"] in ("line", "faded", "raw", "band")
        else trace
        for trace in data
        if trace["meta"]["part"] != "band" or trace["meta"]["key"] not in hidden
    ]
    drawn = {t["meta"]["at"]: t for t in data if t["meta"]["part"] == "line"}
    marks = [
        _edge_marks(drawn[at], line, low, high)
        for at, line in enumerate(lines)
        if at in drawn and _places_outside(line, low, high)
    ]
    if marks:
        every = [x for line in lines for x in _positions(line)]
        set_marker_labels(marks, min(every), max(every))
    return [*cut, *(trace for trace, _positions in marks)], len(marks)


def _positions(line: Line) -> Sequence[float]:
    # Of the two only one is the axis; both grow along it.
    return line.steps


def _places_outside(line: Line, low: float, high: float) -> list[int]:
    return [
        at
        for at, value in enumerate(line.values)
        if not is_nonfinite(value) and not low <= value <= high
    ]


def _edge_marks(
    trace: Trace, line: Line, low: float, high: float
) -> tuple[Trace, list[float]]:
    """A mark where the line first leaves the range, named by its furthest value."""
    places = _places_outside(line, low, high)
    above = [at for at in places if line.values[at] > high]
    below = [at for at in places if line.values[at] < low]
    ends = [
        (side[0], pick(line.values[at] for at in side), edge)
        for side, pick, edge in ((above, max, TOP), (below, min, BOTTOM))
        if side
    ]
    xs = [trace["x"][at] for at, _value, _edge in ends]
    named = [(line.key, value) for _at, value, _edge in ends]
    marks = nonfinite_markers(xs, named, trace["meta"]["series"])
    marks["y"] = [edge for _at, _value, edge in ends]
    marks["marker"]["symbol"] = [
        "triangle-up" if edge == TOP else "triangle-down" for _at, _value, edge in ends
    ]
    return marks, [_positions(line)[at] for at, _value, _edge in ends]


def _cut_trace(trace: Trace, low: float, high: float) -> Trace:
    ys = [
        None if y is None else min(max(clamp_to_drawable(y), low), high)
        for y in trace["y"]
    ]
    if ys == trace["y"]:
        return trace
    if trace["meta"]["part"] in ("band", "raw") or "customdata" in trace:
        return {**trace, "y": ys}
    shown = tooltip_format([y for y in trace["y"] if y is not None])
    return {
        **trace,
        "y": ys,
        "customdata": trace["y"],
        "hovertemplate": f"%{{customdata:{shown}}}",
    }
