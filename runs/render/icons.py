"""Icons and statuses as HTML.

A page has hundreds of icons. Each has its path in the page: for each `<use>`, browsers
build a shadow tree.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from studio.core.statuses import STATUS_TABLE

STATUS_ICONS = {
    status.value.lower(): facts.icon
    for status, facts in STATUS_TABLE.items()
    if facts.icon
}


@cache
def icon_paths() -> dict[str, SafeString]:
    """The drawings of the sprite by name, in its order."""
    sprite = Path(str(finders.find("icons/sprite.svg"))).read_text(encoding="utf-8")
    symbols = re.findall(r'<symbol id="([^"]+)"[^>]*>(.*)</symbol>', sprite)
    return {name: mark_safe(path) for name, path in symbols}  # noqa: S308


# A page has dozens of the same icon: each is rendered once.
@cache
def icon(name: str, style: str = "") -> SafeString:
    """A symbol of the sprite; words next to it give its meaning."""
    classes = f"icon {style}".strip()
    return format_html(
        '<svg class="{}" viewBox="0 0 16 16" width="16" height="16" '
        'aria-hidden="true">{}</svg>',
        classes,
        icon_paths()[name],
    )


@cache
def status_disc(status: str) -> SafeString:
    """A status's disc, without its word."""
    name = status.lower()
    glyph = STATUS_ICONS.get(name)
    return disc(name, glyph) if glyph else disc("", "")


@cache
def disc(css: str, glyph: str) -> SafeString:
    """A disc in the color of the class, with a glyph; without a glyph a ring."""
    if not glyph:
        return format_html(
            '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
            'aria-hidden="true"><circle cx="8" cy="8" r="6.3"/></svg>',
            "ring",
        )
    return format_html(
        '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
        'aria-hidden="true"><circle cx="8" cy="8" r="8"/>{}</svg>',
        css,
        icon_paths()[glyph],
    )


@cache
def labeled_status(word: str, label: str) -> SafeString:
    """A status: its disc, then its label in a language."""
    return format_html('<span class="status">{}{}</span>', status_disc(word), label)
