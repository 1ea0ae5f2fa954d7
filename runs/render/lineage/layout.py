"""Where the boxes of a lineage are: columns from left to right, in pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT = 184, 48
COLUMN_GAP, ROW_GAP = 56, 12
MARGIN = 4
#: Columns up to this height are centered; taller ones begin at the top.
MAX_CENTERED_HEIGHT = 480


@dataclass(frozen=True)
class LineageBox:
    """A box of the drawing. `css` is the class of its kind, `icon` in the sprite."""

    column: int
    title: str
    subtitle: str
    href: str
    css: str
    icon: str
    #: The status of a run; empty for anything else.
    status: str = ""
    is_start: bool = False


@dataclass(frozen=True)
class LineageArrow:
    """From one box to another, by their positions in the list of boxes."""

    source: int
    target: int
    label: str = ""


@dataclass(frozen=True)
class LineageNote:
    """What a column leaves out, in words."""

    column: int
    text: str


@dataclass(frozen=True)
class Layout:
    """The corner of each box and note, in their order, and the size of the drawing."""

    boxes: tuple[tuple[int, int], ...]
    notes: tuple[tuple[int, int], ...]
    width: int
    height: int


def place_boxes(
    boxes: Sequence[LineageBox],
    arrows: Sequence[LineageArrow],
    notes: Sequence[LineageNote],
) -> Layout:
    """Place the boxes of each column next to what they are linked with."""
    order = _order_columns(boxes, arrows)
    extra: dict[int, list[int]] = defaultdict(list)
    for index, note in enumerate(notes):
        extra[note.column].append(index)
    columns = sorted(order.keys() | extra.keys())
    heights = {c: _height(len(order.get(c, ())) + len(extra[c])) for c in columns}
    tallest = max(heights.values(), default=0)
    corners: dict[int, tuple[int, int]] = {}
    note_corners: dict[int, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        x = MARGIN + place * (BOX_WIDTH + COLUMN_GAP)
        y = MARGIN + max(0, min(tallest, MAX_CENTERED_HEIGHT) - heights[column]) // 2
        for row, index in enumerate(order.get(column, ())):
            corners[index] = (x, y + row * (BOX_HEIGHT + ROW_GAP))
        below = y + len(order.get(column, ())) * (BOX_HEIGHT + ROW_GAP)
        for row, index in enumerate(extra[column]):
            note_corners[index] = (x, below + row * (BOX_HEIGHT + ROW_GAP))
    width = len(columns) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP + 2 * MARGIN
    return Layout(
        tuple(corners[index] for index in range(len(boxes))),
        tuple(note_corners[index] for index in range(len(notes))),
        width,
        tallest + 2 * MARGIN,
    )


def _height(rows: int) -> int:
    return rows * (BOX_HEIGHT + ROW_GAP) - ROW_GAP


def _order_columns(
    boxes: Sequence[LineageBox], arrows: Sequence[LineageArrow]
) -> dict[int, list[int]]:
    """Order each column, from the start outwards, by the mean row of the neighbors."""
    columns: dict[int, list[int]] = defaultdict(list)
    for index, box in enumerate(boxes):
        columns[box.column].append(index)
    neighbors: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        neighbors[arrow.source].append(arrow.target)
        neighbors[arrow.target].append(arrow.source)
    rows: dict[int, float] = {}
    for column in sorted(columns, key=abs):
        members = columns[column]
        means = {index: _mean_row(neighbors[index], rows) for index in members}
        # Sorting keeps the order of boxes with the same mean.
        members.sort(key=lambda index: means[index])
        rows.update({index: row for row, index in enumerate(members)})
    return columns


def _mean_row(neighbors: Sequence[int], rows: Mapping[int, float]) -> float:
    placed = [rows[index] for index in neighbors if index in rows]
    return sum(placed) / len(placed) if placed else 0.0
