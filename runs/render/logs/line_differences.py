"""What differs between two lines of logs, apart from their time stamps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runs.render.compare import changed_spans, equal_pairs
from runs.render.logs.time_stamps import find_stamp

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class LineDifference:
    """The words that differ, as offsets in each line; none if all of both differs."""

    left: Spans = ()
    right: Spans = ()

    @property
    def is_whole(self) -> bool:
        return not self.left and not self.right


def line_difference(left: str, right: str) -> LineDifference | None:
    """Compare two lines without colors; None if they say the same."""
    left_stamp, right_stamp = find_stamp(left), find_stamp(right)
    mine, theirs = _without(left, left_stamp), _without(right, right_stamp)
    if mine == theirs:
        return None
    spans = changed_spans(mine, theirs)
    if spans is None:
        return LineDifference()
    return LineDifference(
        tuple(_with_stamp(spans[0], left_stamp)),
        tuple(_with_stamp(spans[1], right_stamp)),
    )


def equal_lines(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of lines that say the same, in order."""
    mine, theirs = (
        [_without(text, find_stamp(text)) for text in lines] for lines in (left, right)
    )
    return equal_pairs(mine, theirs, max(len(mine), len(theirs)))


def _without(text: str, stamp: tuple[int, int] | None) -> str:
    return text if stamp is None else text[: stamp[0]] + text[stamp[1] :]


def _with_stamp(
    spans: Spans, stamp: tuple[int, int] | None
) -> Iterable[tuple[int, int]]:
    """Offsets in a line, from those in the line without its stamp."""
    if stamp is None:
        return spans
    first, size = stamp[0], stamp[1] - stamp[0]
    moved = []
    for start, stop in spans:
        if start < first < stop:
            moved += [(start, first), (first + size, stop + size)]
        elif start >= first:
            moved.append((start + size, stop + size))
        else:
            moved.append((start, stop))
    return moved
