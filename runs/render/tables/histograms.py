"""The small charts in the heads of a table's columns, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 92, 26
LARGE_WIDTH, LARGE_HEIGHT = 480, 120
#: Parts of a bar of values with a color of their own.
COLORS = 4


def draw_histogram(
    counts: Sequence[int],
    low: float,
    high: float,
    chosen: tuple[float, float] | None,
    *,
    large: bool = False,
    has_dates: bool = False,
) -> SafeString:
    """Bars of the same width from `low` to `high`; those outside of `chosen` are pale.

    The script reads the range from the element, to turn a selection into numbers.
    """
    wide, tall = (LARGE_WIDTH, LARGE_HEIGHT) if large else (WIDTH, HEIGHT)
    peak = max(counts, default=0)
    if not peak:
        return SafeString("")
    width = wide / len(counts)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                "bar" if _is_chosen(at, counts, low, high, chosen) else "bar pale",
                _short(at * width),
                _short(tall - _bar_height(count, peak, tall)),
                _short(max(1.0, width - 1)),
                _short(_bar_height(count, peak, tall)),
            )
            for at, count in enumerate(counts)
            if count
        ),
    )
    dates = SafeString(" data-dates") if has_dates else ""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" data-low="{}" '
        'data-high="{}"{} aria-hidden="true" preserveAspectRatio="none">{}</svg>',
        "histogram large" if large else "histogram",
        *(wide, tall, wide, tall, repr(low), repr(high), dates, bars),
    )


def _bar_height(count: int, peak: int, tall: int) -> float:
    # A bar of one row among a million is still visible.
    return max(1.0, tall * count / peak)


def _is_chosen(
    at: int,
    counts: Sequence[int],
    low: float,
    high: float,
    chosen: tuple[float, float] | None,
) -> bool:
    if chosen is None:
        return True
    # Halves: the difference of two large numbers can be infinite.
    width = (high / 2 - low / 2) / len(counts)
    start = low / 2 + at * width
    return start + width >= chosen[0] / 2 and start <= chosen[1] / 2


def draw_value_bar(counts: Sequence[int], rows: int) -> SafeString:
    """The shares of the most frequent values; the rest of the rows is empty."""
    if not rows or not counts:
        return SafeString("")
    parts = []
    left = 0.0
    for at, count in enumerate(counts):
        width = WIDTH * count / rows
        parts.append((f"part-{at}" if at < COLORS else "part", left, width))
        left += width
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" y="0" width="{}" height="10"/>',
        ((name, _short(x), _short(max(0.5, w - 1))) for name, x, w in parts),
    )
    return format_html(
        '<svg class="value-bar" viewBox="0 0 {} 10" width="{}" height="10" '
        'aria-hidden="true" preserveAspectRatio="none">{}</svg>',
        *(WIDTH, WIDTH, rects),
    )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
