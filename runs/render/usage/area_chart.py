"""The growth of what is stored: an area for each kind, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 360, 110
#: Space above the highest value, for the line of the quota.
_ROOM = 1.02


Points = Sequence[tuple[int, Mapping[str, int]]]


def highest_shown(points: Points, quota: int | None) -> int:
    """Return the highest value that is drawn, in bytes.

    It is the quota, unless that is three times what was stored, or less than it.
    """
    most = max(sum(sizes.values()) for _time, sizes in points)
    return quota if quota is not None and most <= quota < 3 * most else most


def draw_areas(
    points: Points,
    kinds: Sequence[str],
    label: str,
    *,
    quota: int | None = None,
) -> SafeString:
    """Draw sizes in bytes over times in ms, oldest first; at least two points.

    The quota is a dashed line, where it is not far above.
    """
    highest = highest_shown(points, quota)
    top = highest * _ROOM or 1
    first, last = points[0][0], points[-1][0]
    xs = [WIDTH * (time - first) / max(1, last - first) for time, _sizes in points]
    bases, areas = [0.0] * len(points), []
    for kind in kinds:
        tops = [
            base + sizes.get(kind, 0)
            for base, (_time, sizes) in zip(bases, points, strict=True)
        ]
        if tops != bases:
            areas.append((kind, _outline(xs, bases, tops, top)))
        bases = tops
    drawn = format_html_join("", '<polygon class="of-{}" points="{}"/>', areas)
    line = ""
    if quota is not None and quota <= highest:
        y = f"{HEIGHT * (1 - quota / top):.1f}"
        line = format_html(
            '<line class="quota" x1="0" x2="{}" y1="{}" y2="{}"/>', WIDTH, y, y
        )
    return format_html(
        '<svg class="areas" viewBox="0 0 {} {}" preserveAspectRatio="none" '
        'role="img" aria-label="{}">{}{}</svg>',
        *(WIDTH, HEIGHT, label, drawn, line),
    )


def _outline(
    xs: Sequence[float], bases: Sequence[float], tops: Sequence[float], top: float
) -> str:
    above = list(zip(xs, tops, strict=True))
    below = list(zip(xs, bases, strict=True))
    return " ".join(
        f"{x:.1f},{HEIGHT * (1 - y / top):.1f}" for x, y in [*above, *reversed(below)]
    )
