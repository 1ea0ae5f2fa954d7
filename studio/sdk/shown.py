"""Objects as notebooks show them: a small table of HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping


def table(cells: Mapping[str, str]) -> str:
    """One row of cells, already escaped, below their titles."""
    head = "".join(f"<th>{html.escape(title)}</th>" for title in cells)
    body = "".join(f"<td>{cell}</td>" for cell in cells.values())
    return f'<table style="width:100%"><tr>{head}</tr><tr>{body}</tr></table>'


def link(address: str, text: str) -> str:
    place = html.escape(address, quote=True)
    return f'<a href="{place}" target="_blank" rel="noopener">{html.escape(text)}</a>'


def docs(url: str) -> str:
    """The help page of the server."""
    return f"{url}/help/"
