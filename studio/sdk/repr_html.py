"""Objects as notebooks show them: a small HTML table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["escape", "help_url", "link", "query_html", "table"]


def table(cells: Mapping[str, str]) -> str:
    """One row of cells, given as HTML by their titles."""
    head = "".join(f"<th>{escape(title)}</th>" for title in cells)
    body = "".join(f"<td>{cell}</td>" for cell in cells.values())
    return f'<table style="width:100%"><tr>{head}</tr><tr>{body}</tr></table>'


def link(url: str, text: str) -> str:
    """A link that opens a new tab, as HTML."""
    href = escape(url, quote=True)
    return f'<a href="{href}" target="_blank" rel="noopener">{escape(text)}</a>'


def help_url(server_url: str) -> str:
    """The address of the server's help page."""
    return f"{server_url}/help/"


def query_html(query: Any) -> str:
    return ""
