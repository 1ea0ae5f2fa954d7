"""The drawing of a lineage: where boxes are, and that texts are escaped and fit."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from runs.render.lineage import LineageArrow, LineageBox, LineageNote, draw_lineage
from runs.render.lineage.drawing import shorten_to_width
from runs.render.lineage.layout import BOX_WIDTH, COLUMN_GAP, place_boxes


def box(title: str, column: int, **given: str) -> LineageBox:
    texts = {"subtitle": "Run", "href": "/x/", "css": "run", "icon": "runs", **given}
    return LineageBox(column, title, is_start=column == 0, **texts)


BOXES = [box("start", 0), box("data", -1), box("m1", 1), box("m2", 1), box("r2", 2)]
ARROWS = [
    LineageArrow(1, 0, "training"),
    LineageArrow(0, 2),
    LineageArrow(0, 3),
    LineageArrow(3, 4),
]


def test_columns_go_from_left_to_right() -> None:
    layout = place_boxes(BOXES, ARROWS, [])
    step = BOX_WIDTH + COLUMN_GAP
    assert [(x - 4) // step for x, _y in layout.boxes] == [1, 0, 2, 2, 3]
    assert all(x + BOX_WIDTH < layout.width for x, _y in layout.boxes)


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    boxes = [box("start", 0), *(box(f"r{n}", 1) for n in range(40))]
    layout = place_boxes(boxes, [LineageArrow(0, n) for n in range(1, 41)], [])
    tops = sorted(y for x, y in layout.boxes[1:])
    assert min(b - a for a, b in pairwise(tops)) > 48
    assert tops[-1] + 48 <= layout.height
    # The start of a tall drawing is seen without scrolling.
    assert layout.boxes[0][1] < 300


def test_boxes_are_next_to_what_they_come_from() -> None:
    boxes = [box("a", 0), box("b", 0), box("of b", 1), box("of a", 1)]
    layout = place_boxes(boxes, [LineageArrow(1, 2), LineageArrow(0, 3)], [])
    assert layout.boxes[3][1] < layout.boxes[2][1]


def test_notes_are_below_the_boxes_of_their_column() -> None:
    layout = place_boxes(BOXES, ARROWS, [LineageNote(1, "3 more"), LineageNote(3, "1")])
    assert layout.notes[0][0] == layout.boxes[2][0]
    assert layout.notes[0][1] > max(layout.boxes[2][1], layout.boxes[3][1])
    assert layout.notes[1][0] > layout.boxes[4][0]


def test_every_text_is_escaped() -> None:
    bad = '<script>"&'
    drawn = draw_lineage(
        [box(bad, 0, subtitle=bad, href=f"/{bad}"), box("b", 1)],
        [LineageArrow(0, 1, bad)],
        [LineageNote(1, bad)],
        bad,
    )
    assert "<script>" not in drawn
    assert drawn.count("&lt;script&gt;&quot;&amp;") >= 6


def test_a_run_has_the_disc_of_its_status() -> None:
    drawn = draw_lineage([box("a", 0, status="Failed")], [], [], "Lineage")
    assert re.search(r'class="disc failed"', drawn)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("a long text", "a long te…"),
        ("模型训练数", "模型训练数"),
        ("模型训练数据", "模型训练…"),
        ("", ""),
    ],
)
def test_long_texts_are_cut_to_the_width_of_a_box(text: str, shown: str) -> None:
    assert shorten_to_width(text, 10) == shown
