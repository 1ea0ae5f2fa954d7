"""Charts of one value per run as plain JSON for Plotly: scatter and bar.

Colors are the page's: `meta` has the number of the run at each point (`each`, 0 where
a value is NaN or Infinity), or says that a third value colors them (`scale`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runs.render.charts.axes import (
    Figure,
    Trace,
    escape_plotly_markup,
    with_number_formats,
)
from runs.render.charts.multi_run_lines import ChartLook, set_x_range, set_y_range
from runs.render.charts.nonfinite_markers import (
    clamp_to_drawable,
    is_nonfinite,
    nonfinite_markers,
    set_marker_labels,
)
from runs.render.formats import number

Value = float | str | None
#: The longest name below a bar.
MAX_NAME_CHARS = 14
#: Maximum number of bars with names below them.
MAX_NAMED_BARS = 4
#: The number of the gray among the colors.
GRAY = 8
#: How dark the bars of each further field of a run are.
BAR_OPACITIES = (1.0, 0.65, 0.4, 0.25)


@dataclass(frozen=True)
class ChartDot:
    """A run, or a group of them, in a chart of values: in the order of the fields."""

    name: str
    number: int
    values: tuple[Value, ...]
    run_id: str = ""
    #: How far the values of a group lie around their mean: below and above it.
    spread: tuple[tuple[float, float], ...] = ()


def scatter_figure(
    dots: Sequence[ChartDot],
    labels: Sequence[str],
    look: ChartLook,
    *,
    is_date: tuple[bool, bool] = (False, False),
) -> Figure:
    """The second field over the first, colored by the third."""
    placed = [dot for dot in dots if None not in dot.values[:2]]
    data = _scatter_trace(placed, labels)
    nonfinite = [
        dot
        for dot in placed
        # A mark at the top needs an x position; a note counts the runs without one.
        if _is_nonfinite(dot.values[1]) and not _is_nonfinite(dot.values[0])
    ]
    if nonfinite:
        xs = [dot.values[0] for dot in nonfinite]
        every = [dot.values[0] for dot in placed]
        data.append(
            _nonfinite_trace(
                xs, [(dot.name, dot.values[1]) for dot in nonfinite], every
            )
        )
    layout = value_layout(look, escape_plotly_markup(labels[0]))
    for name, at in (("xaxis", 0), ("yaxis", 1)):
        if is_date[at]:
            layout[name]["type"] = "date"
        elif any(isinstance(dot.values[at], str) for dot in placed):
            layout[name]["type"] = "category"
    if layout["xaxis"]["type"] in ("linear", "log"):
        set_x_range(layout, look)
    return with_number_formats({"data": data, "layout": layout})


def _scatter_trace(placed: Sequence[ChartDot], labels: Sequence[str]) -> list[Trace]:
    drawn = [dot for dot in placed if not any(map(_is_nonfinite, dot.values[:2]))]
    if len(labels) == 2:
        return [_dots_trace(drawn, labels, [dot.number for dot in drawn])]
    scaled = [dot for dot in drawn if _finite_or_none(dot.values[2]) is not None]
    if not scaled:
        return [
            _dots_trace(
                drawn,
                labels,
                _color_number_of_each_word([dot.values[2] for dot in drawn]),
            )
        ]
    # Runs without a number for the color still have a position.
    rest = [dot for dot in drawn if _finite_or_none(dot.values[2]) is None]
    traces = [_color_scale_trace(scaled, labels)]
    return [*traces, _dots_trace(rest, labels, [GRAY] * len(rest))] if rest else traces


def _dots_trace(
    drawn: Sequence[ChartDot], labels: Sequence[str], color_numbers: Sequence[int]
) -> Trace:
    trace: Trace = {
        "type": "scatter",
        "mode": "markers",
        "name": escape_plotly_markup(labels[1]),
        "x": [dot.values[0] for dot in drawn],
        "y": [dot.values[1] for dot in drawn],
        "text": [escape_plotly_markup(dot.name) for dot in drawn],
        "hovertemplate": "%{text}<br>%{x}<br>%{y}<extra></extra>",
        "marker": {"size": 8, "opacity": 0.9},
        "meta": {"part": "dots", "key": labels[1], "each": list(color_numbers)},
    }
    if len(labels) > 2:
        trace["customdata"] = [_value_label(dot.values[2]) for dot in drawn]
        third = f"{_escape_template(escape_plotly_markup(labels[2]))}: %{{customdata}}"
        trace["hovertemplate"] = f"%{{text}}<br>%{{x}}<br>%{{y}}<br>{third}"
        trace["hovertemplate"] += "<extra></extra>"
    return trace


def _color_scale_trace(drawn: Sequence[ChartDot], labels: Sequence[str]) -> Trace:
    """Colored by the page: from 0, the least third value, to 1, the greatest.

    Plotly's own scale comes with a bar that styles itself inline.
    """
    thirds = [v for v in (dot.values[2] for dot in drawn) if isinstance(v, float)]
    low, high = min(thirds), max(thirds)
    trace = _dots_trace(drawn, labels, [])
    trace["meta"] = {
        "part": "scale",
        "key": labels[2],
        "shares": [_share_of_range(value, low, high) for value in thirds],
        "ends": [number(low), number(high)],
    }
    return trace


def _share_of_range(value: float, low: float, high: float) -> float:
    # Halves, because the span of two huge values would overflow.
    span = high / 2 - low / 2
    return round((value / 2 - low / 2) / span, 4) if span else 1.0


def _color_number_of_each_word(third_values: Sequence[Value]) -> list[int]:
    """Each text has a color of its own; what has none is gray."""
    words = list(dict.fromkeys(v for v in third_values if isinstance(v, str)))
    return [words.index(v) + 1 if isinstance(v, str) else GRAY for v in third_values]


def bar_figure(
    dots: Sequence[ChartDot], labels: Sequence[str], look: ChartLook
) -> Figure:
    """The fields of each run side by side."""
    # Bars stand at numbers, because runs can have the same name.
    places = list(range(len(dots)))
    data: list[Trace] = []
    nonfinite: list[tuple[int, str, Value]] = []
    for at, label in enumerate(labels):
        values = [dot.values[at] for dot in dots]
        nonfinite += [
            (p, dots[p].name, v) for p, v in enumerate(values) if _is_nonfinite(v)
        ]
        data.append(_bar_trace_of_field(dots, values, at, label, places))
    if nonfinite:
        named = [(name, value) for _place, name, value in nonfinite]
        data.append(
            _nonfinite_trace([place for place, _, _ in nonfinite], named, places)
        )
    layout = value_layout(look, "")
    layout["barmode"] = "group"
    layout["xaxis"] |= {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [escape_plotly_markup(_shorten_label(dot.name)) for dot in dots],
        # More names would overlap; the tooltip of each bar has its name.
        "showticklabels": len(dots) <= MAX_NAMED_BARS,
        "type": "linear",
    }
    return with_number_formats({"data": data, "layout": layout})


def _bar_trace_of_field(
    dots: Sequence[ChartDot],
    values: Sequence[Value],
    at: int,
    label: str,
    places: Sequence[int],
) -> Trace:
    shown_label = _escape_template(escape_plotly_markup(label))
    trace: Trace = {
        "type": "bar",
        "name": escape_plotly_markup(label),
        "x": list(places),
        "y": [_finite_or_none(value) for value in values],
        "text": [escape_plotly_markup(dot.name) for dot in dots],
        "textposition": "none",
        "hovertemplate": f"%{{text}}<br>{shown_label}: %{{y}}<extra></extra>",
        "marker": {
            "opacity": BAR_OPACITIES[min(at, len(BAR_OPACITIES) - 1)],
            "line": {"width": 0},
        },
        "meta": {"part": "bars", "key": label, "each": [d.number for d in dots]},
    }
    if any(dot.spread for dot in dots):
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [
                clamp_to_drawable(d.spread[at][1]) if d.spread else 0.0 for d in dots
            ],
            "arrayminus": [
                clamp_to_drawable(d.spread[at][0]) if d.spread else 0.0 for d in dots
            ],
            "thickness": 1.2,
            "width": 4,
        }
    return trace


def value_layout(look: ChartLook, x_title: str) -> Figure:
    layout: Figure = {
        "margin": {"t": 12, "r": 12, "b": 44, "l": 48},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "xaxis": {
            "title": {"text": x_title, "standoff": 6},
            "type": "log" if look.log_x else "linear",
            "zeroline": False,
        },
        "yaxis": {
            "type": "log" if look.log_y else "linear",
            "zeroline": False,
        },
        "yaxis2": {
            "overlaying": "y",
            "range": [0, 1],
            "visible": False,
            "fixedrange": True,
        },
    }
    set_y_range(layout, look)
    return layout


def _nonfinite_trace(
    xs: Sequence[Any], named: Sequence[tuple[str, Value]], axis_positions: Sequence[Any]
) -> Trace:
    """NaN and Infinity at `xs`; `axis_positions` are the places that the axis has."""
    values = [(name, v) for name, v in named if isinstance(v, float)]
    trace = nonfinite_markers(xs, values, 1) | {"hoverinfo": "text"}
    known = sorted({x for x in axis_positions if not _is_nonfinite(x)})
    # Plotly places the words of a category axis at whole numbers.
    if isinstance(known[0], str):
        xs, known = [known.index(x) for x in xs], list(range(len(known)))
    set_marker_labels([(trace, xs)], known[0], known[-1])
    return trace


def _escape_template(label: str) -> str:
    """A label within a template, where `%{` would begin a value."""
    return label.replace("%{", "%\u200b{")


def _finite_or_none(value: Value) -> float | None:
    return value if isinstance(value, float) and not is_nonfinite(value) else None


def _is_nonfinite(value: Value) -> bool:
    return isinstance(value, float) and is_nonfinite(value)


def _value_label(value: Value) -> str:
    return (
        number(value)
        if isinstance(value, float)
        else escape_plotly_markup(value or "–")
    )


def _shorten_label(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…"
