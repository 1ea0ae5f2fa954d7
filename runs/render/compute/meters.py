"""Capacity and use as small SVGs, because the pages allow no style attribute.

Up to MAX_SEGMENTS slots are segments; more are one bar. What can't be used is hatched,
by the pattern `#hatch` of `templates/compute/_compute.html`.
"""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 120, 8
USE_WIDTH, USE_HEIGHT = 36, 4
MAX_SEGMENTS = 12
_GAP = 2
_HATCHED = SafeString(' fill="url(#hatch)"')


def capacity_bar(busy: int, total: int, unavailable: int) -> SafeString:
    """Draw `total` slots: first those in use, then free ones, then unavailable ones."""
    # Jobs that lent their slot and got it back can exceed the slots for a while.
    total = max(total, busy + unavailable, 1)
    if total <= MAX_SEGMENTS:
        parts = _segments(busy, total, unavailable)
    else:
        parts = _bar(busy, total, unavailable)
    return format_html(
        '<svg class="capacity" viewBox="0 0 {} {}" width="{}" height="{}" '
        'aria-hidden="true">{}</svg>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT),
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def use_bar(percent: float) -> SafeString:
    """Draw how much of a device is used."""
    share = min(max(percent, 0), 100) / 100
    return format_html(
        '<svg class="use" viewBox="0 0 {} {}" width="{}" height="{}" '
        'aria-hidden="true"><rect class="free" width="{}" height="{}" rx="2"/>'
        '<rect width="{}" height="{}" rx="2"/></svg>',
        *(USE_WIDTH, USE_HEIGHT, USE_WIDTH, USE_HEIGHT, USE_WIDTH, USE_HEIGHT),
        *(f"{USE_WIDTH * share:.1f}", USE_HEIGHT),
    )


def _segments(busy: int, total: int, unavailable: int) -> list[SafeString]:
    wide = (WIDTH - _GAP * (total - 1)) / total
    parts = []
    for n in range(total):
        kind = (
            "busy"
            if n < busy
            else "unavailable"
            if n >= total - unavailable
            else "free"
        )
        parts.append(_rectangle(kind, n * (wide + _GAP), wide))
    return parts


def _bar(busy: int, total: int, unavailable: int) -> list[SafeString]:
    scale = WIDTH / total
    free = total - busy - unavailable
    return [
        _rectangle(kind, start * scale, amount * scale)
        for kind, start, amount in (
            ("busy", 0, busy),
            ("free", busy, free),
            ("unavailable", busy + free, unavailable),
        )
        if amount > 0
    ]


def _rectangle(kind: str, x: float, width: float) -> SafeString:
    if kind == "busy":
        return format_html(
            '<rect class="busy" x="{}" width="{}" height="{}" rx="2"/>',
            *(f"{x:.1f}", f"{width:.1f}", HEIGHT),
        )
    # Drawn half a pixel inside, so that the border is one sharp pixel.
    fill = _HATCHED if kind == "unavailable" else ""
    return format_html(
        '<rect class="{}" x="{}" y="0.5" width="{}" height="{}" rx="2"{}/>',
        *(kind, f"{x + 0.5:.1f}", f"{max(width - 1, 1):.1f}", HEIGHT - 1, fill),
    )
