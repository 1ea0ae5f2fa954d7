"""Plotly figures: the JSON of `fig.to_json()`, and the figure in a Plotly page.

The page's scripts are not run: its figure is read and drawn like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.json_document import is_json
from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import MAX_JSON_BYTES, PreviewReader
from runs.render.files import file_extension
from runs.render.previews import (
    FileFigure,
    InvalidContent,
    figure_of_page,
    is_figure,
    read_figure,
)

#: A page that brings its own copy of Plotly is 5 MB without its figure.
MAX_PAGE_BYTES = 24 << 20


@dataclass(frozen=True)
class ShownFigure:
    """`part` is the value of `?as=` that answers with the figure."""

    figure: FileFigure
    part: str


def matches(name: str, head: bytes) -> bool:
    if file_extension(name) in {"html", "htm"}:
        return b"lotly" in head
    return is_json(name, head)


def find_figure(reader: PreviewReader) -> FileFigure:
    """Read the figure. Raises InvalidContent, BudgetExceeded."""
    if file_extension(reader.name) in {"html", "htm"}:
        return read_figure(figure_of_page(reader.read_at(0, MAX_PAGE_BYTES)))
    return read_figure(reader.json())


def build(reader: PreviewReader) -> Shown:
    return Shown(ShownFigure(find_figure(reader), "figure"))


def can_show(reader: PreviewReader) -> bool:
    if file_extension(reader.name) in {"html", "htm"}:
        return is_figure(figure_of_page(reader.read_at(0, MAX_PAGE_BYTES)))
    return is_figure(reader.json())


def respond(_request: HttpRequest, reader: PreviewReader) -> HttpResponse:
    try:
        figure = find_figure(reader)
    except InvalidContent:
        return note_response(_("This file has no Plotly figure that can be drawn."))
    return figure_response(figure)


def figure_response(
    figure: FileFigure, *, panels: tuple[int, int] | None = None
) -> HttpResponse:
    """Answer with what the page's script draws, and a note about what it does not.

    `panels` are the charts next to each other and below each other, whose traces of the
    same group have the same color.
    """
    note = ""
    if figure.left_out:
        words = _(
            "Charts of these types are not drawn: %(kinds)s. Open the figure to see "
            "their values."
        )
        note = words % {"kinds": ", ".join(figure.left_out)}
    shown: dict[str, Any] = {"data": figure.data, "layout": figure.layout}
    return _response({**shown, "note": note, "panels": panels})


def note_response(note: str) -> HttpResponse:
    """Answer that nothing is drawn, and why."""
    return _response({"data": [], "layout": {}, "note": note})


def _response(content: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(
        msgspec.json.encode(content), content_type="application/json"
    )
    response["Cache-Control"] = "private, no-cache"
    return response


FIGURE = PreviewKind(
    "figure",
    gettext_lazy("Show chart"),
    matches,
    build,
    max(MAX_PAGE_BYTES, MAX_JSON_BYTES),
    icon="line",
    can_show=can_show,
    respond=respond,
)
