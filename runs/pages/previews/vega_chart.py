"""Vega-Lite charts drawn as Plotly figures; those that can't be as a tree."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.figure import (
    ShownFigure,
    figure_response,
    note_response,
)
from runs.pages.previews.json_document import is_json
from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import MAX_JSON_BYTES, PreviewReader
from runs.pages.previews.vega_data import chart_document
from runs.render.previews import (
    PreviewTable,
    UnsupportedChart,
    VegaGap,
    is_vega,
    json_tree,
    panel_counts,
    read_figure,
    vega_figure,
    vega_table,
)


@dataclass(frozen=True)
class ShownSpecification:
    """What a chart that is not drawn shows instead, and why."""

    note: str
    table: PreviewTable | None
    html: SafeString


def matches(name: str, head: bytes) -> bool:
    return is_json(name, head)


def build(reader: PreviewReader) -> Shown | None:
    document = chart_document(reader)
    if not is_vega(document):
        return None
    return Shown(ShownFigure(read_figure(vega_figure(document)), "vega"))


def can_draw(reader: PreviewReader) -> bool:
    return is_vega(chart_document(reader)) and bool(vega_figure(chart_document(reader)))


def respond(_request: HttpRequest, reader: PreviewReader) -> HttpResponse:
    document = chart_document(reader)
    try:
        figure = vega_figure(document)
    except UnsupportedChart as error:
        return note_response(gap_text(error))
    return figure_response(read_figure(figure), panels=panel_counts(document))


def gap_text(error: UnsupportedChart) -> str:
    """Return why the chart is not drawn."""
    match error.gap:
        case VegaGap.VEGA:
            return _("Vega charts are not drawn here, only Vega-Lite charts.")
        case VegaGap.COMPOSED:
            words = _("Charts composed in this way are not drawn here: %(name)s.")
        case VegaGap.PANELS:
            words = _("Charts of more than %(name)s panels are not drawn here.")
        case VegaGap.TRANSFORM:
            words = _("Charts with this transformation are not drawn here: %(name)s.")
        case VegaGap.DATA:
            return _(
                "Only charts with their data inside, or in a file of the run, are "
                "drawn here."
            )
        case VegaGap.MARK:
            words = _("Charts with the mark %(name)s are not drawn here.")
        case VegaGap.ENCODING:
            words = _("Charts with this encoding are not drawn here: %(name)s.")
    return words % {"name": error.detail}


def build_tree(reader: PreviewReader) -> Shown | None:
    document = chart_document(reader)
    if not is_vega(document):
        return None
    try:
        vega_figure(document)
    except UnsupportedChart as error:
        table = vega_table(document)
        words = (
            _("%(reason)s These are its data.")
            if table
            else _("%(reason)s This is the specification.")
        )
        note = words % {"reason": gap_text(error)}
        return Shown(ShownSpecification(note, table, json_tree(document)))
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
)
