"""Names of runs that differ in their ending, as those of a sweep do."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

#: The last words of a name that are always shown, in characters.
MAX_ENDING = 14


def split_name(name: str) -> tuple[str, str]:
    """Split a name before its last word, if that is short enough to be shown whole.

    `lr=1e-3 warmup=2000 seed=4` gives `lr=1e-3 warmup=2000 ` and `seed=4`.
    """
    start, blank, ending = name.rpartition(" ")
    if not blank or not start or len(ending) > MAX_ENDING:
        return name, ""
    return start, ending


def run_link(href: str, name: str, title: str) -> SafeString:
    """Link to a run; where space is short, the middle of its name is left out."""
    start, ending = split_name(name)
    return format_html(
        '<a class="run-link" href="{}" title="{}"><span class="clip">{}</span>{}</a>',
        href,
        title,
        start,
        format_html("<span> {}</span>", ending) if ending else "",
    )
