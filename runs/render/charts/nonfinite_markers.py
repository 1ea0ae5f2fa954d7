"""Marks of NaN, Infinity and what else has no place on an axis, at the top edge.

None of their words lies on another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from runs.render.charts.axes import Trace, escape_plotly_markup
from runs.render.formats import number

#: Maximum number of words next to each other in a chart.
MAX_LABELS_PER_CHART = 5
#: Plotly has no place for what is further from nothing, and would draw a broken line.
MAX_DRAWABLE = 1e304


def is_nonfinite(value: float) -> bool:
    # Negated, because every comparison with NaN is false.
    return not abs(value) <= MAX_DRAWABLE


def clamp_to_drawable(value: float) -> float:
    """The value, or the end of what can be drawn."""
    return min(max(value, -MAX_DRAWABLE), MAX_DRAWABLE)


def nonfinite_markers(
    xs: Sequence[Any], named: Sequence[tuple[str, float]], series: int
) -> Trace:
    """Draw a mark at each of `xs`, on its own axis; `named` has the values with names.

    `set_marker_labels` writes the labels, because it knows all marks of the chart.
    """
    words = [number(value) for _name, value in named]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": ", ".join(sorted(set(words))),
        "x": list(xs),
        # Close to the top edge of an axis from 0 to 1.
        "y": [0.96] * len(words),
        "yaxis": "y2",
        "text": words,
        "hovertext": [
            escape_plotly_markup(f"{name}: {word}")
            for (name, _value), word in zip(named, words, strict=True)
        ],
        "hoverinfo": "x+text",
        "textposition": "middle right",
        # A mark at the first or last step would be cut in half.
        "cliponaxis": False,
        "showlegend": False,
        "meta": {"series": series, "part": "odd"},
        "marker": {"symbol": "triangle-up", "size": 9},
    }


def set_marker_labels(
    marked: Sequence[tuple[Trace, Sequence[float]]], low: float, high: float
) -> None:
    """Marks of one chart, with their places on an axis from `low` to `high`.

    Of those that lie near each other the first has the words of all. They stand below
    the marks where they would lie on one.
    """
    # Divided first, because the span of two huge values would overflow.
    room = high / MAX_LABELS_PER_CHART - low / MAX_LABELS_PER_CHART
    places = sorted(
        (place, one, at)
        for one, (_trace, found) in enumerate(marked)
        for at, place in enumerate(found)
    )
    texts = [[""] * len(found) for _trace, found in marked]
    sides = [["middle right"] * len(found) for _trace, found in marked]
    words: list[str] = []
    gaps: list[float] = []
    start, free, first = 0.0, -math.inf, (0, 0)
    for place, one, at in places:
        word = marked[one][0]["text"][at]
        if not words or (place > start and place - start >= room * len(words)):
            free = start + room * len(words) if words else free
            start, first, words, gaps = place, (one, at), [], []
        words += [] if word in words else [word]
        gaps.append(place - start)
        texts[first[0]][first[1]] = ", ".join(words)
        width = room * len(words)
        is_last = start + width > high and start - width >= max(free, low)
        on_one = any(room / 10 < gap < 0.8 * width for gap in gaps)
        right = "bottom right" if on_one else "middle right"
        sides[first[0]][first[1]] = "middle left" if is_last else right
    for (trace, _found), marker_text, ways in zip(marked, texts, sides, strict=True):
        trace["text"], trace["textposition"] = marker_text, ways
