"""Where the boxes of a lineage are: columns from left to right, in pixels."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT = 200, 48
COLUMN_GAP, ROW_GAP = 56, 12
COLUMN_WIDTH, ROW_HEIGHT = BOX_WIDTH + COLUMN_GAP, BOX_HEIGHT + ROW_GAP
MARGIN = 4
#: Columns up to this height are centered.
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
    tops = _tops_of_boxes(boxes, arrows)
    below = {box.column: 0.0 for box in boxes}
    for box, top in zip(boxes, tops, strict=True):
        below[box.column] = max(below[box.column], top + ROW_HEIGHT)
    note_tops = []
    for note in notes:
        note_tops.append(below.get(note.column, 0.0))
        below[note.column] = note_tops[-1] + ROW_HEIGHT
    columns = {column: place for place, column in enumerate(sorted(below))}
    highest = min([*tops, *note_tops], default=0.0)
    return Layout(
        tuple(
            _corner(columns[box.column], top - highest)
            for box, top in zip(boxes, tops, strict=True)
        ),
        tuple(
            _corner(columns[note.column], top - highest)
            for note, top in zip(notes, note_tops, strict=True)
        ),
        len(columns) * COLUMN_WIDTH - COLUMN_GAP + 2 * MARGIN,
        round(max(below.values(), default=0.0) - highest) - ROW_GAP + 2 * MARGIN,
    )


def _corner(place: int, top: float) -> tuple[int, int]:
    return MARGIN + place * COLUMN_WIDTH, MARGIN + round(top)


def _tops_of_boxes(
    boxes: Sequence[LineageBox], arrows: Sequence[LineageArrow]
) -> list[float]:
    """Place the columns one by one, from the start outwards.

    A box is as high as the mean of its neighbors that are placed. Where boxes would
    overlap, they are moved apart, with their mean where it was.
    """
    neighbors: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        neighbors[arrow.source].append(arrow.target)
        neighbors[arrow.target].append(arrow.source)
    tops: dict[int, float] = {}
    for column in sorted({box.column for box in boxes}, key=abs):
        members = [n for n, box in enumerate(boxes) if box.column == column]
        wanted = {n: _mean_top(neighbors[n], tops) for n in members}
        # Sorting keeps the order of boxes with the same mean.
        members.sort(key=lambda n: wanted[n])
        tops.update(_without_overlaps(members, wanted))
    return [tops[n] for n in range(len(boxes))]


def _mean_top(neighbors: Sequence[int], tops: Mapping[int, float]) -> float:
    placed = [tops[n] for n in neighbors if n in tops]
    return sum(placed) / len(placed) if placed else 0.0


def _without_overlaps(
    members: Sequence[int], wanted: Mapping[int, float]
) -> dict[int, float]:
    placed: dict[int, float] = {}
    lowest = -math.inf
    for n in members:
        placed[n] = max(wanted[n], lowest)
        lowest = placed[n] + ROW_HEIGHT
    # In the middle of a tall column, the start would be out of sight.
    if len(members) * ROW_HEIGHT > MAX_CENTERED_HEIGHT:
        return placed
    shift = sum(placed[n] - wanted[n] for n in members) / len(members)
    return {n: top - shift for n, top in placed.items()}
