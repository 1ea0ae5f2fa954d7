"""A bar whose parts are kinds of data, as an SVG that stretches with its place."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

#: The width of a whole bar in units of its drawing.
WIDTH = 1_000
#: The smallest part that can be seen.
_LEAST = 2.0


def draw_kind_bar(
    sizes: Mapping[str, int], whole: int, label: str, *, mark: float | None = None
) -> SafeString:
    """Draw `sizes` as parts of `whole`, and a line at the share `mark` of it."""
    parts, left = [], 0.0
    for kind, size in sizes.items():
        width = max(_LEAST, WIDTH * size / whole) if whole and size else 0.0
        width = min(width, WIDTH - left)
        if width > 0:
            parts.append((kind, f"{left:.1f}", f"{width:.1f}"))
            left += width
    drawn = format_html_join(
        "", '<rect class="of-{}" x="{}" y="0" width="{}" height="12"/>', parts
    )
    line = ""
    if mark is not None:
        line = format_html(
            '<rect class="mark" x="{}" y="-2" width="2" height="16"/>',
            f"{WIDTH * mark:.1f}",
        )
    return format_html(
        '<svg class="kind-bar" viewBox="0 -2 {} 16" preserveAspectRatio="none" '
        'role="img" aria-label="{}">{}{}</svg>',
        *(WIDTH, label, drawn, line),
    )
