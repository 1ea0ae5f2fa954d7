"""The rows of a grid as HTML: a page has tens of thousands of cells."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from runs.render.formats import grouped
from runs.render.tables.cells import GridCell


def render_rows(
    numbers: Sequence[int], columns: Sequence[Sequence[GridCell]]
) -> SafeString:
    """Rows with their numbers in the file, counted from 1, and the cells by column."""
    by_row = zip(*columns, strict=True) if columns else ((),) * len(numbers)
    # Every text passes through `escape` in `_render_cell`.
    return SafeString(
        "".join(
            f'<tr><td class="number grid-number">{grouped(number)}</td>'
            f"{''.join(map(_render_cell, cells))}</tr>"
            for number, cells in zip(numbers, by_row, strict=True)
        )
    )


def _render_cell(cell: GridCell) -> str:
    title = f' title="{escape(cell.full)}"' if cell.full else ""
    css = " ".join(filter(None, ("number" if cell.is_number else "", _kind(cell))))
    attributes = f' class="{css}"{title}' if css else title
    if not cell.image:
        return f"<td{attributes}>{escape(cell.text)}</td>"
    href = escape(cell.image)
    return (
        f'<td{attributes}><a class="grid-image" href="{href}" data-plain>'
        f'<img src="{href}" alt="" loading="lazy" width="28" height="28">'
        f'<span class="clip">{escape(cell.text)}</span></a></td>'
    )


def _kind(cell: GridCell) -> str:
    if cell.is_missing:
        return "grid-missing"
    return "bad" if cell.is_nonfinite else ""
