"""Line charts of several runs as plain JSON for Plotly, without any color.

A trace's `meta` says which number's color it takes (`series`), which part of a line it
is (`line`, `raw`, `odd`, `band`), its `key` in the legend and the run's id.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from django.utils.translation import gettext as _

from runs.render.charts.axes import Axis, Figure, Trace, escape_plotly_markup
from runs.render.charts.line_dashes import SOLID
from runs.render.charts.metric_lines import Line, metric_figure, time_unit
from runs.render.charts.nonfinite_markers import clamp_to_drawable
from runs.render.charts.outliers import cut_at_range
from runs.render.charts.robust_range import robust_range
from runs.render.charts.run_counts import (
    fade_where_runs_have_ended,
    run_count_labels,
)
from runs.render.formats import tooltip_format

#: Maximum lines in one tooltip; a longer list would cover the chart.
MAX_UNIFIED_HOVER_LINES = 12


AxisRange = tuple[float | None, float | None]
AxisEnds = tuple[float, float]


@dataclass(frozen=True)
class ChartLook:
    """How a chart is drawn: its axes, and how far they reach."""

    axis: Axis = Axis.STEP
    #: What the x axis is, where it is a field; empty for the axes of a series.
    x_title: str = ""
    log_x: bool = False
    log_y: bool = False
    y_range: AxisRange = (None, None)
    #: In steps, seconds, or as the field is.
    x_range: AxisRange = (None, None)
    #: Whether the y axis reaches to every value, however far it is from the others.
    is_full: bool = False


@dataclass(frozen=True)
class RunLine:
    """A line with its color and dash; `line.key` is what it is named."""

    line: Line
    number: int
    dash: str = SOLID
    run_id: str = ""
    #: Where several metrics share the graph: the run, or group, and the metric.
    name: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Band:
    """What lies around a mean, in the order of its line's points."""

    low: Sequence[float]
    high: Sequence[float]
    std: Sequence[float]
    runs: Sequence[int]
    #: Where runs logged NaN or Infinity, and which.
    nonfinite: Sequence[tuple[float, float]] = ()
    #: How many of the runs have begun and not ended at each point.
    alive: Sequence[int] = ()
    #: A wider band around it, as that of 90 % of the runs around that of their half.
    outer: tuple[Sequence[float], Sequence[float]] | None = None
    #: What a tooltip says next to the value instead of the deviation.
    words: str = ""


def line_figure(
    drawn: Sequence[RunLine],
    look: ChartLook,
    *,
    zone: tzinfo = UTC,
    bands: Sequence[Band] = (),
    span: int | None = None,
) -> Figure:
    """`bands`, if any, has one for each line; `span` is that of the whole series."""
    paired = list(zip(drawn, bands, strict=True)) if bands else []
    nonfinite = [
        _nonfinite_values_line(each, band) for each, band in paired if band.nonfinite
    ]
    lines = [*drawn, *nonfinite]
    figure = metric_figure(
        [each.line for each in lines],
        look.axis,
        log_y=look.log_y,
        zone=zone,
        span=span,
    )
    # `metric_figure` counted the lines; here the number is that of the run's color.
    for trace in figure["data"]:
        trace["meta"]["at"] = trace["meta"]["series"] - 1
        _style_trace(trace, lines[trace["meta"]["at"]])
    if paired:
        figure["data"] = _with_error_bands(figure["data"], paired, log_y=look.log_y)
    layout = figure["layout"]
    layout.pop("annotations", None)
    if len(drawn) > MAX_UNIFIED_HOVER_LINES:
        layout["hovermode"] = "closest"
    # What a place on the axis of relative time is in ms.
    figure["unit"] = time_unit(span or 0).length
    _set_axes(layout, look, 1000 / figure["unit"])
    means = [
        (trace, bands[trace["meta"]["at"]].alive)
        for trace in figure["data"]
        # Marks of NaN have numbers behind those of the means.
        if bands
        and trace["meta"]["part"] == "line"
        and trace["meta"]["at"] < len(bands)
    ]
    ends = _limit_range(figure, [each.line for each in drawn], look)
    if means:
        layout["annotations"] = run_count_labels(
            means, ends, log_x=look.log_x, log_y=look.log_y
        )
    for trace in figure["data"]:
        trace["meta"].pop("at", None)
    return figure


def _limit_range(
    figure: Figure, lines: Sequence[Line], look: ChartLook
) -> AxisEnds | None:
    """Show the range that most lines are in; `outside` counts those that leave it."""
    figure["outside"] = 0
    if look.y_range != (None, None):
        return None
    ends = robust_range([line.values for line in lines], log=look.log_y)
    if ends is None:
        return None
    data, figure["outside"] = cut_at_range(figure["data"], lines, *ends)
    if look.is_full:
        return None
    figure["data"] = data
    _set_axis_range(figure["layout"]["yaxis"], ends, log=look.log_y)
    return ends


def fit_range(
    figure: Figure, lines: Sequence[Line], *, log_y: bool, is_full: bool
) -> int:
    """Show the range that most values of one run are in, unless `is_full`.

    Returns how many lines leave that range. `figure` is one of `metric_figure`.
    """
    for trace in figure["data"]:
        trace["meta"]["at"] = trace["meta"]["series"] - 1
    ends = _limit_range(figure, lines, ChartLook(log_y=log_y, is_full=is_full))
    for trace in figure["data"]:
        trace["meta"].pop("at", None)
    # The newest value may lie outside, where its mark names it.
    if ends is not None and any(
        value is not None and not ends[0] <= value <= ends[1]
        for line in lines
        for value in line.values[-1:]
    ):
        figure["layout"].pop("annotations", None)
    outside: int = figure.pop("outside")
    return outside


def _style_trace(trace: Trace, run_line: RunLine) -> None:
    trace["meta"] |= {"series": run_line.number, "run": run_line.run_id}
    if run_line.metric:
        trace["meta"] |= {"name": run_line.name, "metric": run_line.metric}
    if trace["meta"]["part"] in ("line", "raw"):
        trace["line"]["dash"] = run_line.dash


def _set_axes(layout: Figure, look: ChartLook, second: float) -> None:
    if look.x_title:
        layout["xaxis"]["title"]["text"] = escape_plotly_markup(look.x_title)
    # Plotly has no logarithmic axis of dates.
    if look.log_x and look.axis is not Axis.TIME:
        layout["xaxis"]["type"] = "log"
    set_y_range(layout, look)
    set_x_range(layout, look, second if look.axis is Axis.RELATIVE else 1)


def set_y_range(layout: Figure, look: ChartLook) -> None:
    """As far as the reader says; an end that is left open follows the values."""
    _set_axis_range(layout["yaxis"], look.y_range, log=look.log_y)


def set_x_range(layout: Figure, look: ChartLook, unit: float = 1) -> None:
    """The same; `unit` is what 1 of the range is on the axis."""
    low, high = (end if end is None else end * unit for end in look.x_range)
    if look.axis is not Axis.TIME:
        _set_axis_range(layout["xaxis"], (low, high), log=look.log_x)


def _set_axis_range(axis: Figure, ends: AxisRange, *, log: bool) -> None:
    low, high = (_axis_position(end, log=log) for end in ends)
    if low is None and high is None:
        return
    axis["range"] = [low, high]
    if low is None or high is None:
        # Plotly then computes the open end only.
        axis["autorange"] = "min" if low is None else "max"


def _axis_position(end: float | None, *, log: bool) -> float | None:
    if end is None or not log:
        return end
    # Plotly takes the range of a logarithmic axis as exponents.
    return math.log10(end) if end > 0 else None


def _with_error_bands(
    data: Sequence[Trace], paired: Sequence[tuple[RunLine, Band]], *, log_y: bool
) -> list[Trace]:
    means = [trace for trace in data if trace["meta"]["part"] == "line"]
    shown = tooltip_format([y for t in means for y in t["y"] if y is not None])
    found: list[Trace] = []
    faded: list[Trace] = []
    for trace, (each, band) in zip(means, paired, strict=False):
        if not _has_values(trace):
            continue
        for low, high in filter(None, (band.outer, (band.low, band.high))):
            if any(y > x for x, y in zip(low, high, strict=True)):
                found.append(_band_trace(trace, each, (low, high), log_y=log_y))
        trace["customdata"] = list(zip(band.std, band.runs, trace["y"], strict=True))
        trace["hovertemplate"] = _mean_tooltip(band, shown)
        if band.alive:
            faded += fade_where_runs_have_ended(trace, band.alive)
    # Bands first, because later traces are drawn over earlier ones.
    return [*found, *faded, *filter(_has_values, data)]


def _mean_tooltip(band: Band, shown: str) -> str:
    runs = _("%(n)s runs") % {"n": "%{customdata[1]}"}
    deviation = band.words or "± %{customdata[0]:.2~g}"
    return f"%{{customdata[2]:{shown}}} {deviation} ({runs})"


def _has_values(trace: Trace) -> bool:
    return any(value is not None for value in trace["y"])


def _band_trace(
    trace: Trace,
    run_line: RunLine,
    ends: tuple[Sequence[float], Sequence[float]],
    *,
    log_y: bool,
) -> Trace:
    xs, low, high = list(trace["x"]), list(ends[0]), ends[1]
    if log_y:
        # A logarithmic axis has no place for what reaches below nothing.
        low = [
            end if end > 0 else abs(mean) / 100
            for end, mean in zip(low, run_line.line.values, strict=True)
        ]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": trace["name"],
        # One closed shape: along the upper edge, and back along the lower one.
        "x": [*xs, *reversed(xs)],
        "y": [
            # A mean ± std of huge values can leave the range that Plotly draws.
            *map(clamp_to_drawable, high),
            *map(clamp_to_drawable, reversed(low)),
        ],
        "fill": "toself",
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {
            "series": run_line.number,
            "part": "band",
            "run": "",
            "key": run_line.line.key,
        },
        "line": {"width": 0},
    }


def _nonfinite_values_line(run_line: RunLine, band: Band) -> RunLine:
    """Only the places where runs of a mean logged NaN or Infinity."""
    rows = sorted(band.nonfinite, key=lambda row: row[0])
    line = Line(
        run_line.line.key,
        [x for x, _value in rows],
        [int(x) for x, _value in rows],
        [value for _x, value in rows],
    )
    return RunLine(line, run_line.number)
