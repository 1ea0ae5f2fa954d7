"""Vega-Lite charts of one mark, drawn as Plotly figures; other charts as a tree."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.figure import ShownFigure, figure_response
from runs.pages.previews.json_document import JsonTree, is_json
from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import MAX_JSON_BYTES, PreviewReader
from runs.render.previews import (
    InvalidContent,
    is_vega,
    json_tree,
    read_figure,
    vega_figure,
)


def matches(name: str, head: bytes) -> bool:
    return is_json(name, head)


def build(reader: PreviewReader) -> Shown | None:
    document = reader.json()
    if not is_vega(document):
        return None
    return Shown(ShownFigure(read_figure(vega_figure(document)), "vega"))


def can_draw(reader: PreviewReader) -> bool:
    return is_vega(reader.json()) and bool(vega_figure(reader.json()))


def respond(_request: HttpRequest, reader: PreviewReader) -> HttpResponse:
    return figure_response(read_figure(vega_figure(reader.json())))


def build_tree(reader: PreviewReader) -> Shown | None:
    document = reader.json()
    if not is_vega(document):
        return None
    try:
        vega_figure(document)
    except InvalidContent:
        note = _(
            "Only Vega-Lite charts of one common mark with their data are drawn here. "
            "This is the specification."
        )
        return Shown(JsonTree(json_tree(document), note))
    return None


VEGA = PreviewKind(
    "vega",
    gettext_lazy("Show chart"),
    matches,
    build,
    MAX_JSON_BYTES,
    icon="line",
    can_show=can_draw,
    shared_template="figure",
    respond=respond,
)
VEGA_SPECIFICATION = PreviewKind(
    "vega_specification",
    gettext_lazy("Show specification"),
    matches,
    build_tree,
    MAX_JSON_BYTES,
    icon="json",
    can_show=lambda reader: build_tree(reader) is not None,
    shared_template="json",
)
