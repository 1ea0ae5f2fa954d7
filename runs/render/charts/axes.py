"""A chart's axes: what stands next to them, and how far they reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from runs.render.formats import axis_format

Figure = dict[str, Any]
Trace = dict[str, Any]


class Axis(str, Enum):
    """What a metric is drawn over."""

    STEP = "step"
    RELATIVE = "relative"
    TIME = "time"


#: How a time is written next to its value (d3's format).
DATE_FORMAT = "%-d %b %Y, %H:%M:%S"


@dataclass(frozen=True)
class TimeUnit:
    name: str
    length: int


UNITS = (TimeUnit("h", 3_600_000), TimeUnit("min", 60_000), TimeUnit("s", 1000))


def with_number_formats(figure: Figure) -> Figure:
    """Write the numbers of ticks and tooltips by the table of `runs/render/formats`."""
    lines = [each for each in figure["data"] if each["meta"]["part"] != "odd"]
    for name in ("x", "y"):
        axis = figure["layout"][f"{name}axis"]
        if axis.get("type", "linear") in ("linear", "log"):
            axis |= axis_format(v for line in lines for v in line.get(name, ()))
    return figure


def pad_constant_range(
    chart: Figure, data: Sequence[Trace], axis: Axis, *, log_y: bool
) -> None:
    """One value, or one step, would stand between itself less and plus one."""
    lines = [trace for trace in data if trace["meta"]["part"] != "odd"]
    values = {y for trace in lines for y in trace["y"] if y is not None}
    if len(values) == 1 and not log_y:
        [value] = values
        room = abs(value) / 10 or 1
        # Next to the largest numbers, an end would overflow to Infinity.
        if math.isfinite(value + room) and math.isfinite(value - room):
            chart["yaxis"]["range"] = [value - room, value + room]
    steps = {x for trace in lines for x in trace["x"]}
    if len(steps) == 1 and axis is Axis.STEP:
        # Ticks between two steps would be positions that no step has.
        chart["xaxis"] |= {"tickmode": "array", "tickvals": list(steps)}


def series_layout(axis: Axis, unit: TimeUnit, *, log_y: bool) -> Figure:
    units = {
        "h": _("Time since the start (h)"),
        "min": _("Time since the start (min)"),
        "s": _("Time since the start (s)"),
    }
    titles = {
        Axis.STEP: _("Step"),
        Axis.RELATIVE: units[unit.name],
        # Dates stand where a title would.
        Axis.TIME: "",
    }
    return {
        "margin": {"t": 12, "r": 12, "b": 44, "l": 48},
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "zoom",
        "xaxis": {
            "title": {"text": titles[axis], "standoff": 6},
            "type": "date" if axis is Axis.TIME else "linear",
            "zeroline": False,
            **({"hoverformat": DATE_FORMAT} if axis is Axis.TIME else {}),
        },
        "yaxis": {
            "type": "log" if log_y else "linear",
            "zeroline": False,
        },
        # Marks of NaN and Infinity need a height that doesn't depend on the values.
        "yaxis2": {
            "overlaying": "y",
            "range": [0, 1],
            "visible": False,
            "fixedrange": True,
        },
    }


def linear_layout(x_title: str, y_title: str) -> Figure:
    """Two linear axes with their names."""
    axis = {"type": "linear", "zeroline": False}
    return {
        "margin": {"t": 12, "r": 12, "b": 44, "l": 60},
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "zoom",
        "xaxis": {
            **axis,
            "title": {"text": escape_plotly_markup(x_title), "standoff": 6},
        },
        "yaxis": {
            **axis,
            "title": {"text": escape_plotly_markup(y_title), "standoff": 8},
        },
    }


def clock_time(ms: float, zone: tzinfo, exact: str = "seconds") -> str:
    """A time as Plotly reads it, which knows no zones: that of the reader."""
    moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec=exact)


def escape_plotly_markup(text: str) -> str:
    """Text without meaning to Plotly, whose bold and raised words are inline styles.

    An invisible space rather than an entity, which Plotly would cut within.
    """
    return text.replace("<", "<\u200b").replace("&", "&\u200b")
