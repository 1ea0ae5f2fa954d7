"""The health of a target or agent: a disc and its word."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from runs.render.icons import disc

#: The class of the disc's color, and its glyph; without a glyph it is a ring.
_DISCS = {
    "healthy": ("completed", "g-check"),
    "degraded": ("notresponding", "g-bang"),
    "unreachable": ("failed", "g-cross"),
}


def health_label(health: str) -> str:
    return {
        "healthy": pgettext("health of a compute target", "Healthy"),
        "degraded": pgettext("health of a compute target", "Degraded"),
        "unreachable": pgettext("health of a compute target", "Unreachable"),
        "draining": pgettext("health of a compute target", "Draining"),
        "stopped": pgettext("health of a compute target", "Stopped"),
        "no_agent": pgettext("health of a compute target", "No agent"),
    }[health]


def health_pill(health: str, text: str = "") -> SafeString:
    """Show the health's disc and its word, or another text for it."""
    css, glyph = _DISCS.get(health, ("", ""))
    return format_html(
        '<span class="status">{}{}</span>',
        disc(css, glyph),
        text or health_label(health),
    )
