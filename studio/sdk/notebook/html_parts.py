"""Parts of what notebooks show, as HTML.

All styles are inline, since notebooks remove others. Colors are those of the text, or
readable on white and on black, because a notebook has a light or a dark theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

#: Longer texts are cut.
MAX_TEXT = 200

GREEN, RED, BLUE, GRAY, AMBER = "#2da44e", "#e5534b", "#4493f8", "#8b949e", "#bf8700"
_STATUS_COLORS = {
    "Completed": GREEN,
    "Finished": GREEN,
    "Failed": RED,
    "NotResponding": RED,
    "Canceled": GRAY,
    "CancelRequested": AMBER,
    "Running": BLUE,
    "Finalizing": BLUE,
}
_CELL = (
    "text-align:left;vertical-align:top;padding:3px 12px 3px 0;max-width:30em;"
    "overflow-wrap:anywhere;background:none;border:0"
)
_HEAD = f"{_CELL};font-weight:600;opacity:.7;white-space:nowrap"
_LINE = "border:0;border-bottom:1px solid rgba(128,128,128,.3);background:none"


def text_html(value: Any, limit: int = MAX_TEXT) -> str:
    """A value as escaped text, cut after `limit` characters."""
    text = "" if value is None else str(value)
    return escape(text if len(text) <= limit else f"{text[:limit]}…")


def number_html(value: Any) -> str:
    """A number with at most six digits; other values as text."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return text_html(value)


def duration_html(seconds: float | None) -> str:
    """A duration as `1h 2m`, `2m 3s` or `3.2 s`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest}s"
    return f"{minutes // 60}h {minutes % 60}m"


def table(cells: Mapping[str, str]) -> str:
    """One row of cells, given as HTML by their titles."""
    return rows_table(cells, [list(cells.values())])


def rows_table(titles: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of rows of cells, given as HTML."""
    head = "".join(f'<th style="{_HEAD}">{escape(title)}</th>' for title in titles)
    body = "".join(
        f'<tr style="{_LINE}">'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    style = "border-collapse:collapse;border:0;margin:4px 0 8px;width:auto"
    return (
        f'<table style="{style}"><thead><tr style="{_LINE}">{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def link(url: str, text: str) -> str:
    """A link that opens a new tab, as HTML."""
    href = escape(url, quote=True)
    label = text_html(text)
    return f'<a href="{href}" target="_blank" rel="noopener">{label}</a>'


def status_html(status: str) -> str:
    """A status with a dot in its color."""
    color = _STATUS_COLORS.get(status, AMBER)
    dot = f'<span style="color:{color}" aria-hidden="true">●</span>'
    return f'<span style="white-space:nowrap">{dot} {text_html(status)}</span>'


def heading(text: str, note: str = "") -> str:
    """A small heading with a note in gray, both as text."""
    gray = f' <span style="opacity:.7;font-weight:400">{escape(note)}</span>'
    return (
        '<div style="font-weight:600;margin:10px 0 2px">'
        f"{text_html(text)}{gray if note else ''}</div>"
    )


def section(*parts: str) -> str:
    """Parts below each other."""
    return f'<div style="max-width:960px">{"".join(filter(None, parts))}</div>'


def help_url(server_url: str) -> str:
    """The address of the server's help page."""
    return f"{server_url}/help/"
