"""How often a rule fired on each day, as a small SVG."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

HEIGHT = 18
_WIDTH, _STEP, _LEAST = 7, 9, 4


def draw_day_bars(counts: Sequence[int], label: str) -> SafeString:
    """A bar for each day, as high as its share of the highest; a line without any."""
    most = max(counts, default=0)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"{}/>',
        (_bar(n, count, most) for n, count in enumerate(counts)),
    )
    width = _STEP * len(counts)
    return format_html(
        '<svg class="day-bars" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-label="{}"><title>{}</title>{}</svg>',
        *(width, HEIGHT, width, HEIGHT, label, label, bars),
    )


def _bar(n: int, count: int, most: int) -> tuple[int, int, int, int, SafeString | str]:
    if not count:
        return (n * _STEP, HEIGHT - 2, _WIDTH, 2, SafeString(' class="none"'))
    height = max(_LEAST, round(HEIGHT * count / most))
    return (n * _STEP, HEIGHT - height, _WIDTH, height, "")
