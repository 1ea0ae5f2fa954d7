"""Line charts of one run's metrics as plain JSON for Plotly, without any color.

Colors are the reader's theme, so the page's script fills them in: a trace says in
`meta` which series it is and which part of it (`line`, `raw`, `odd`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from runs.render.charts.axes import (
    UNITS,
    Axis,
    Figure,
    TimeUnit,
    Trace,
    escape_plotly_markup,
    pad_constant_range,
    with_number_formats,
)
from runs.render.charts.axes import series_layout as axes_layout
from runs.render.charts.nonfinite_markers import (
    is_nonfinite,
    nonfinite_markers,
    set_marker_labels,
)
from runs.render.formats import number

#: Lines with this many points or fewer show them.
MAX_DOTTED_POINTS = 1


@dataclass(frozen=True)
class Line:
    """A metric's chosen points, sorted along the axis. `smoothed` goes with `values`.

    `steps` and `times` (ms since the epoch) are those of the points; `began` is what
    relative time counts from.
    """

    key: str
    steps: Sequence[float]
    times: Sequence[int]
    values: Sequence[float]
    began: int = 0
    smoothed: Sequence[float] | None = None


def metric_figure(
    lines: Sequence[Line],
    axis: Axis,
    *,
    log_y: bool = False,
    zone: tzinfo = UTC,
    span: int | None = None,
) -> Figure:
    """One graph of some metrics of a run.

    `span` is the length of the whole series where the lines are a part of them, so that
    the unit of relative time stays.
    """
    unit = time_unit(_longest_duration(lines) if span is None else span)
    data: list[Trace] = []
    nonfinite: list[tuple[Trace, list[float]]] = []
    for series, line in enumerate(lines, start=1):
        xs = _x_axis_values(line, axis, unit, zone)
        data += _line_traces(line, xs, series)
        if at := _nonfinite_positions(line):
            named = [(line.key, line.values[place]) for place in at]
            data.append(nonfinite_markers([xs[place] for place in at], named, series))
            places = _numeric_x_positions(line, axis)
            nonfinite.append((data[-1], [places[place] for place in at]))
    # Labels of all lines are placed together, so that none covers another.
    if nonfinite:
        every = [place for line in lines for place in _numeric_x_positions(line, axis)]
        set_marker_labels(nonfinite, min(every), max(every))
    layout = axes_layout(axis, unit, log_y=log_y)
    if len(lines) == 1:
        layout["annotations"] = _last_value_annotation(data, lines[0], log_y=log_y)
    pad_constant_range(layout, data, axis, log_y=log_y)
    return with_number_formats({"data": data, "layout": layout})


def mark_moment(
    lines: Sequence[Line],
    axis: Axis,
    moment: Sequence[int],
    *,
    zone: tzinfo = UTC,
    span: int | None = None,
) -> list[Figure]:
    """Return Plotly's shapes for a moment, or from a first to a last one (in ms).

    On an axis of steps, a moment is at the step of the point that is next to it.
    """
    if not any(line.times for line in lines):
        return []
    unit = time_unit(_longest_duration(lines) if span is None else span)
    nearest = [_nearest_line(lines, time) for time in moment]
    places = [
        _x_axis_values(replace(line, steps=[step], times=[time]), axis, unit, zone)[0]
        for time, (line, step) in zip(moment, nearest, strict=True)
    ]
    is_range = places[0] != places[-1]
    return [
        {
            "type": "rect" if is_range else "line",
            "yref": "paper",
            "layer": "below",
            "x0": places[0],
            "x1": places[-1],
            "y0": 0,
            "y1": 1,
        }
    ]


def _nearest_line(lines: Sequence[Line], time: int) -> tuple[Line, float]:
    found = (
        (abs(each - time), line, step)
        for line in lines
        for each, step in zip(line.times, line.steps, strict=True)
    )
    _distance, line, step = min(found, key=lambda one: one[0])
    return line, step


def smooth_values(values: Sequence[float], weight: float) -> list[float]:
    """The exponential moving average, corrected for its start at nothing.

    What is not finite stays as it is and is not averaged in.
    """
    average, share, result = 0.0, 0.0, []
    for value in values:
        if not math.isfinite(value):
            result.append(value)
            continue
        average = weight * average + (1 - weight) * value
        # The first averages contain little weight; dividing by it removes the pull
        # toward 0.
        share = weight * share + (1 - weight)
        result.append(average / share)
    return result


def _line_traces(line: Line, xs: Sequence[Any], series: int) -> list[Trace]:
    drawn = []
    if line.smoothed is not None:
        raw = _plotly_trace(line.key, xs, line.values, series, "raw")
        # The tooltip and the legend name each metric once.
        drawn.append({**raw, "hoverinfo": "skip", "showlegend": False})
    drawn.append(
        _plotly_trace(line.key, xs, line.smoothed or line.values, series, "line")
    )
    return drawn


def _nonfinite_positions(line: Line) -> list[int]:
    return [at for at, value in enumerate(line.values) if is_nonfinite(value)]


def _numeric_x_positions(line: Line, axis: Axis) -> Sequence[float]:
    if axis is Axis.STEP:
        return line.steps
    return [time - (line.began if axis is Axis.RELATIVE else 0) for time in line.times]


def _plotly_trace(
    key: str, xs: Sequence[Any], values: Sequence[float], series: int, part: str
) -> Trace:
    # A point between two gaps has no line, and would be invisible.
    sizes = [6 if _is_isolated(values, at) else 0 for at in range(len(values))]
    return {
        "type": "scatter",
        "mode": "lines+markers" if any(sizes) else "lines",
        **(
            {"marker": {"size": sizes, "opacity": 1, "line": {"width": 0}}}
            if any(sizes)
            else {}
        ),
        "name": escape_plotly_markup(key),
        "x": list(xs),
        "y": [None if is_nonfinite(value) else value for value in values],
        # A line through a gap would hide that NaN or Infinity was logged there.
        "connectgaps": False,
        "meta": {"series": series, "part": part, "key": key},
        "line": {"width": 1 if part == "raw" else 1.8},
        "opacity": 0.28 if part == "raw" else 1,
    }


def _is_isolated(values: Sequence[float], at: int) -> bool:
    """Whether no line leads to or from the value, so that a dot must show it."""
    neighbors = (values[max(at - 1, 0) : at], values[at + 1 : at + 2])
    neighbor_values = [value for part in neighbors for value in part]
    return not is_nonfinite(values[at]) and all(map(is_nonfinite, neighbor_values))


def _last_value_annotation(
    data: Sequence[Trace], line: Line, *, log_y: bool
) -> list[Figure]:
    """The newest value as logged, written at the end of the only line."""
    drawn = next(trace for trace in data if trace["meta"]["part"] == "line")
    ends = zip(drawn["x"], drawn["y"], line.values, strict=True)
    # A logarithmic axis has no position for 0 and less.
    whole = [end for end in ends if end[1] is not None and (end[1] > 0 or not log_y)]
    if len(whole) <= MAX_DOTTED_POINTS:
        return []
    x, y, value = whole[-1]
    side = _label_side([end[1] for end in whole])
    if side is None:
        return []
    return [
        {
            "x": x,
            # Annotations of a logarithmic axis are placed by the exponent.
            "y": math.log10(y) if log_y else y,
            "text": number(value),
            "showarrow": False,
            "xanchor": "right",
            "yanchor": side,
            "yshift": 2 if side == "bottom" else -2,
        }
    ]


def _label_side(ys: Sequence[float]) -> str | None:
    """The text's edge that touches the line's end; None where it would cover it."""
    low, high, last = min(ys), max(ys), ys[-1]
    recent = ys[-max(len(ys) // 4, 2) :]
    near = (high / 2 - low / 2) / 50
    if last >= max(recent) - near:
        return "bottom"
    if last <= min(recent) + near and last / 2 - low / 2 > 10 * near:
        return "top"
    return None


def time_unit(length: int) -> TimeUnit:
    """The largest unit that fits three times into these milliseconds."""
    return next((u for u in UNITS if length >= 3 * u.length), UNITS[-1])


def _longest_duration(lines: Sequence[Line]) -> int:
    """Of the longest line, in ms."""
    return max((max(line.times, default=0) - line.began for line in lines), default=0)


def _x_axis_values(line: Line, axis: Axis, unit: TimeUnit, zone: tzinfo) -> list[Any]:
    if axis is Axis.STEP:
        return list(line.steps)
    if axis is Axis.RELATIVE:
        return [round((time - line.began) / unit.length, 6) for time in line.times]
    return [_clock_time(time, zone) for time in line.times]


def _clock_time(time: int, zone: tzinfo) -> str:
    """A moment as Plotly reads it: it knows no time zones, so this is the reader's."""
    when = datetime.fromtimestamp(time / 1000, zone)
    return when.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
