"""Figures of what is no series: curves, histograms, predictions, columns of a table.

As in `runs.render.charts.metric_lines` they have no color: `meta` says which series a
trace is and which part of it (`line`, `bar`, `rule`), and the page's script knows the
theme.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render.charts.axes import (
    Figure,
    Trace,
    escape_plotly_markup,
    linear_layout,
    with_number_formats,
)
from runs.render.formats import number
from runs.render.metrics import Numbers, read_numbers
from studio.core.errors import InvalidValue

#: Shorter lines show their points.
MAX_DOTTED_POINTS = 60


@dataclass(frozen=True)
class Curve:
    name: str
    xs: Sequence[float]
    ys: Sequence[float]


def curve_figure(
    curves: Sequence[Curve],
    x_title: str,
    y_title: str,
    *,
    chance: Sequence[tuple[float, float]] = (),
) -> Figure:
    """Lines on shared axes; `chance` is a dashed line to compare them with."""
    data = [_curve_trace(curve, series) for series, curve in enumerate(curves, start=1)]
    if chance:
        data.append(_reference_line(*zip(*chance, strict=True)))
    return with_number_formats(
        {"data": data, "layout": linear_layout(x_title, y_title)}
    )


def residual_histogram(document: Mapping[str, Any]) -> Figure:
    """Bars between the edges; raises InvalidValue."""
    edges, counts = _read_bins(document, "bin_counts")
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    between = [
        f"{number(low)} … {number(high)}"
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    bars = {
        "type": "bar",
        "x": middles.tolist(),
        "y": _finite_or_none(counts),
        # Edges can be unequal, so each bar has the width of its bin.
        "width": widths.tolist(),
        "hovertext": between,
        "hovertemplate": "%{hovertext}: %{y}<extra></extra>",
        "name": _("Residuals"),
        "meta": {"series": 1, "part": "bar", "key": _("Residuals")},
    }
    layout = linear_layout(_("Residual"), pgettext("axis of a histogram", "Count"))
    # The edges of the bins touch, and a gap would look like a range without values.
    layout["bargap"] = 0
    layout["hovermode"] = "closest"
    return with_number_formats({"data": [bars], "layout": layout})


def prediction_figure(document: Mapping[str, Any]) -> Figure:
    """Mean prediction per bin of true values with its error; raises InvalidValue."""
    edges, averages = _read_bins(document, "bin_averages")
    errors = read_numbers(document, "bin_errors", 1)
    if len(errors) != len(averages):
        raise InvalidValue(_("“bin_errors” must have a number for each bin."))
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    line = _curve_trace(
        Curve(pgettext("curve of averages", "average"), middles, averages.tolist()), 1
    )
    line["error_y"] = {
        "type": "data",
        "array": _finite_or_none(errors),
        "visible": True,
        "thickness": 1,
        "width": 3,
    }
    ends = (float(edges[0]), float(edges[-1]))
    layout = linear_layout(_("Actual value"), _("Predicted value"))
    return with_number_formats(
        {"data": [line, _reference_line(ends, ends)], "layout": layout}
    )


def table_columns_figure(
    x: str, y: str, xs: Sequence[float], ys: Sequence[float]
) -> Figure:
    """One column of a table over another, in the order of the rows."""
    return with_number_formats(
        {"data": [_curve_trace(Curve(y, xs, ys), 1)], "layout": linear_layout(x, y)}
    )


def rows_of_figure(figure: Figure) -> list[tuple[str, str, str]]:
    """The figure's numbers as rows of a table: which line, x, y."""
    return [
        (str(trace["meta"]["key"]), _number_text(x), _number_text(y))
        for trace in figure["data"]
        if trace["meta"]["part"] != "rule"
        for x, y in zip(trace["x"], trace["y"], strict=True)
    ]


def _number_text(value: float | None) -> str:
    return "–" if value is None else number(value)


def _read_bins(document: Mapping[str, Any], name: str) -> tuple[Numbers, Numbers]:
    edges, values = (
        read_numbers(document, "bin_edges", 1),
        read_numbers(document, name, 1),
    )
    if len(edges) != len(values) + 1 or not np.isfinite(edges).all():
        wanted = _("“bin_edges” must have one number more than “%(name)s”.")
        raise InvalidValue(wanted % {"name": name}, field="bin_edges")
    return edges, values


def _curve_trace(curve: Curve, series: int) -> Trace:
    is_short = len(curve.xs) <= MAX_DOTTED_POINTS
    return {
        "type": "scatter",
        "mode": "lines+markers" if is_short else "lines",
        "name": escape_plotly_markup(curve.name),
        "x": _finite_or_none(curve.xs),
        "y": _finite_or_none(curve.ys),
        "meta": {"series": series, "part": "line", "key": curve.name},
        "line": {"width": 1.8},
        **({"marker": {"size": 4}} if is_short else {}),
    }


def _reference_line(xs: Sequence[float], ys: Sequence[float]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(xs),
        "y": list(ys),
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"series": 0, "part": "rule", "key": ""},
        "line": {"width": 1, "dash": "4px,4px"},
    }


def _finite_or_none(values: Sequence[float] | Numbers) -> list[float | None]:
    """As JSON has numbers: what is not finite is a gap."""
    return [
        value if math.isfinite(value) else None for value in np.asarray(values).tolist()
    ]
