"""A small line chart as SVG: the points of one metric over their steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from studio.sdk.notebook.html_parts import BLUE, number_html, text_html

WIDTH, HEIGHT = 300, 110
_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 6, 8, 8


def line_chart(name: str, steps: Sequence[int], values: Sequence[Any]) -> str:
    """The chart with its name, last value and range; empty without two numbers.

    A value that is no finite number is a gap.
    """
    points = [
        (step, float(value))
        for step, value in zip(steps, values)
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]
    if len(points) < 2:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    title = (
        f'<div style="display:flex;justify-content:space-between;gap:8px">'
        f'<b style="overflow-wrap:anywhere">{text_html(name, 60)}</b>'
        f"<span>{number_html(points[-1][1])}</span></div>"
    )
    note = (
        f"{number_html(low)} to {number_html(high)} · "
        f"step {points[0][0]:,} to {points[-1][0]:,}"
    )
    label = f"{text_html(name, 60)}: {note}"
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{label}" style="display:block;max-width:100%">'
        f'<path d="M{_LEFT} {HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}" fill="none" '
        'stroke="currentColor" stroke-opacity=".3"/>'
        f'<polyline points="{_place(points, low, high)}" fill="none" '
        f'stroke="{BLUE}" stroke-width="1.5" stroke-linejoin="round"/></svg>'
    )
    gray = f'<div style="opacity:.7;font-size:90%">{note}</div>'
    return f'<div style="width:{WIDTH}px;max-width:100%">{title}{svg}{gray}</div>'


def _place(points: Sequence[tuple[int, float]], low: float, high: float) -> str:
    """The points in the coordinates of the picture."""
    first, last = points[0][0], points[-1][0]
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    placed = []
    for step, value in points:
        # Halved before they are subtracted: the difference of two floats can overflow.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        across = (step - first) / (last - first) if last > first else 0.5
        placed.append(f"{_LEFT + across * width:.1f},{_TOP + (1 - share) * height:.1f}")
    return " ".join(placed)
