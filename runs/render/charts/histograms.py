"""Histograms of one value per run, whose bars the server counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from runs.render.charts.axes import (
    Figure,
    Trace,
    clock_time,
    escape_plotly_markup,
    with_number_formats,
)
from runs.render.charts.multi_run_lines import ChartLook
from runs.render.charts.scatter_and_bars import value_layout
from runs.render.formats import number


@dataclass(frozen=True)
class Bin:
    low: float
    high: float
    runs: int


def count_bins(values: Sequence[float], count: int, *, log: bool = False) -> list[Bin]:
    """Bars of equal width that hold all finite values; of equal ratio with `log`."""
    # Sorted, so that one pass over the edges counts all bars.
    finite = sorted(v for v in values if math.isfinite(v) and (v > 0 or not log))
    if not finite:
        return []
    count = count or max(5, min(40, math.ceil(math.sqrt(len(finite)) * 1.5)))
    low, high = finite[0], finite[-1]
    if low == high:
        # One value needs a bar with a width.
        room = abs(low) / 20 or 0.5
        return [Bin(low - room, high + room, len(finite))]
    edges = _bin_edges(low, high, count, log=log)
    runs = [0] * count
    place = 0
    for value in finite:
        # The last bar includes its upper edge, which is the largest value.
        while place < count - 1 and value >= edges[place + 1]:
            place += 1
        runs[place] += 1
    return [Bin(edges[at], edges[at + 1], runs[at]) for at in range(count)]


def _bin_edges(low: float, high: float, count: int, *, log: bool) -> list[float]:
    shares = [at / count for at in range(1, count)]
    if log:
        least, most = math.log(low), math.log(high)
        inner = [math.exp(least * (1 - s) + most * s) for s in shares]
    else:
        # Not by the difference, which overflows between the greatest numbers.
        inner = [low * (1 - s) + high * s for s in shares]
    return [low, *inner, high]


def bin_label(bin_: Bin, clock: tzinfo | None = None) -> str:
    """From where to where it reaches; with a clock its ends are times in ms."""
    ends = (bin_.low, bin_.high)
    return " – ".join(clock_time(e, clock) if clock else number(e) for e in ends)


def histogram_figure(
    bins: Sequence[Bin], label: str, look: ChartLook, clock: tzinfo | None = None
) -> Figure:
    """With a clock the axis is one of times, which is never logarithmic."""
    log = look.log_x and clock is None
    layout = value_layout(look, escape_plotly_markup(label))
    layout["xaxis"]["type"] = "date" if clock else "log" if log else "linear"
    middles: list[Any] = [_bin_center(each, log=log) for each in bins]
    if clock:
        middles = [clock_time(ms, clock, "milliseconds") for ms in middles]
    layout["bargap"] = 0.04
    trace: Trace = {
        "type": "bar",
        "name": escape_plotly_markup(label),
        "x": middles,
        "y": [each.runs for each in bins],
        "text": [bin_label(each, clock) for each in bins],
        "textposition": "none",
        "hovertemplate": "%{text}<br>%{y}<extra></extra>",
        "marker": {"line": {"width": 0}},
        "meta": {"part": "bars", "key": label, "series": 1},
    }
    if not log:
        trace["width"] = [each.high - each.low for each in bins]
    return with_number_formats({"data": [trace], "layout": layout})


def _bin_center(bin_: Bin, *, log: bool) -> float:
    if log:
        # The middle that the eye sees on a logarithmic axis.
        return math.exp((math.log(bin_.low) + math.log(bin_.high)) / 2)
    # Halves, because the sum of two huge values would overflow.
    return bin_.low / 2 + bin_.high / 2
