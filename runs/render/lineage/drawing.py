"""A lineage as SVG, made here so that it needs no script. Every text is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from runs.render.icons import icon, status_disc
from runs.render.lineage.layout import (
    BOX_HEIGHT,
    BOX_WIDTH,
    COLUMN_GAP,
    LineageArrow,
    LineageBox,
    LineageNote,
    place_boxes,
)

#: Widths of texts, in Latin letters: SVG does not shorten texts.
TITLE_LETTERS, SUBTITLE_LETTERS = 18, 26
_ARROW_SIZE = 5

Corner = tuple[int, int]


def draw_lineage(
    boxes: Sequence[LineageBox],
    arrows: Sequence[LineageArrow],
    notes: Sequence[LineageNote],
    label: str,
) -> SafeString:
    """Draw boxes with links to their pages; `label` names the drawing."""
    layout = place_boxes(boxes, arrows, notes)
    corners = layout.boxes
    drawn_arrows = [
        _draw_arrow(arrow, corners[arrow.source], corners[arrow.target])
        for arrow in arrows
    ]
    return format_html(
        '<svg class="lineage-drawing" viewBox="0 0 {} {}" width="{}" height="{}" '
        'role="group" aria-label="{}">{}{}{}</svg>',
        *(layout.width, layout.height, layout.width, layout.height),
        label,
        _joined(drawn_arrows),
        _joined(map(_draw_box, boxes, corners)),
        _joined(map(_draw_note, notes, layout.notes)),
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _draw_arrow(arrow: LineageArrow, source: Corner, target: Corner) -> SafeString:
    middle = BOX_HEIGHT // 2
    x1, y1 = source[0] + BOX_WIDTH, source[1] + middle
    x2, y2 = target[0], target[1] + middle
    # An arrow to an earlier column leaves and arrives in a curve, too.
    bend = COLUMN_GAP * 3 // 4
    tip = x2 - _ARROW_SIZE
    head = f"M{tip} {y2 - 4}L{x2} {y2}L{tip} {y2 + 4}"
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 1} {y2}{head}"
    title = format_html("<title>{}</title>", arrow.label) if arrow.label else ""
    return format_html('<path class="lineage-arrow" d="{}">{}</path>', path, title)


def _draw_box(box: LineageBox, corner: Corner) -> SafeString:
    x, y = corner
    return format_html(
        '<a class="lineage-box {}{}" href="{}" aria-label="{}"><title>{}</title>'
        '<rect x="{}" y="{}" width="{}" height="{}" rx="6"/>'
        '<g transform="translate({} {})">{}</g>'
        '<text class="lineage-title" x="{}" y="{}">{}</text>'
        '<text class="lineage-subtitle" x="{}" y="{}">{}</text></a>',
        *(box.css, " start" if box.is_start else "", box.href),
        *(f"{box.title}, {box.subtitle}",) * 2,
        *(x, y, BOX_WIDTH, BOX_HEIGHT),
        *(x + 12, y + 9),
        status_disc(box.status) if box.status else icon(box.icon),
        *(x + 36, y + 22, shorten_to_width(box.title, TITLE_LETTERS)),
        *(x + 12, y + 40, shorten_to_width(box.subtitle, SUBTITLE_LETTERS)),
    )


def _draw_note(note: LineageNote, corner: Corner) -> SafeString:
    x, y = corner
    return format_html(
        '<g class="lineage-note"><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>'
        '<text x="{}" y="{}">{}</text></g>',
        *(x, y, BOX_WIDTH, BOX_HEIGHT),
        *(x + 12, y + BOX_HEIGHT // 2 + 4),
        shorten_to_width(note.text, SUBTITLE_LETTERS),
    )


def shorten_to_width(text: str, letters: int) -> str:
    """Cut a text to the width of that many Latin letters; Chinese ones count twice."""
    widths = [2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text]
    if sum(widths) <= letters:
        return text
    kept, used = 0, 1
    while used + widths[kept] <= letters:
        used += widths[kept]
        kept += 1
    return f"{text[:kept]}…"
