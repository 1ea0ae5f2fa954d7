"""A series as a small SVG, made here so that a list of metrics needs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 108, 22
_MARGIN = 3
_PLOT_WIDTH = WIDTH - 2 * _MARGIN
_PLOT_HEIGHT = HEIGHT - 2 * _MARGIN

Point = tuple[float, float]


def draw_sparkline(steps: Sequence[float], values: Sequence[float]) -> SafeString:
    """The line of `values` over `steps`, in their order; NaN and Infinity are gaps."""
    whole = [(x, y) for x, y in zip(steps, values, strict=True) if math.isfinite(y)]
    if not whole:
        return SafeString("")
    placed = _scale_points(steps, values, whole)
    last = [point for point in placed if point is not None][-1]
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" width="{}" height="{}" '
        'aria-hidden="true"><path d="{}"/><circle cx="{}" cy="{}" r="2"/></svg>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT),
        _svg_path(placed),
        *(_format_coordinate(part) for part in last),
    )


def _scale_points(
    steps: Sequence[float], values: Sequence[float], whole: Sequence[Point]
) -> list[Point | None]:
    left, right = min(x for x, _ in whole), max(x for x, _ in whole)
    low, high = min(y for _, y in whole), max(y for _, y in whole)
    # Halves, because the span of two huge values would overflow.
    tall = high / 2 - low / 2
    wide = right - left
    placed: list[Point | None] = []
    for x, y in zip(steps, values, strict=True):
        if not math.isfinite(y):
            placed.append(None)
            continue
        # A single step stands at the right, where the newest value of other lines is.
        across = (x - left) / wide if wide else 1
        up = (y / 2 - low / 2) / tall if tall else 0.5
        placed.append(
            (_MARGIN + _PLOT_WIDTH * across, HEIGHT - _MARGIN - _PLOT_HEIGHT * up)
        )
    return placed


def _svg_path(placed: Sequence[Point | None]) -> str:
    parts, pen_is_down = [], False
    for point in placed:
        if point is not None:
            # After a gap the pen moves without drawing.
            command = "L" if pen_is_down else "M"
            parts.append(command + " ".join(_format_coordinate(part) for part in point))
        pen_is_down = point is not None
    return "".join(parts)


def _format_coordinate(part: float) -> str:
    # A tenth of a pixel is enough, and short paths keep a list of metrics small.
    return f"{part:.1f}".removesuffix(".0")
