"""Rows of two logs in which lines that say the same are next to each other.

As in a diff, but of some hundred lines at a time, so that logs of any size are shown.
Lines that only one log has are alone; of others between equal lines, as many as both
logs have are next to each other. Time stamps are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runs.render.logs import LogLine, equal_lines
from runs.search.logs.log_rows import Cursor, LogRow, start_of, stop_of

#: Lines of each log that are compared at once: counterparts are found this far away.
COMPARED_LINES = 1000
#: Comparisons for one window: each can end at the last line that both logs have.
MAX_STEPS = 8


class Side(Protocol):
    """One of the two logs."""

    total: int

    def read(self, first: int, stop: int) -> list[LogLine]: ...


class ContentRows:
    """The rows of two logs, from any position in both."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self._sides = sides

    def after(self, start: Cursor, count: int) -> list[LogRow]:
        rows: list[LogRow] = []
        for _step in range(MAX_STEPS):
            found = self._step_after(start)
            rows += found
            if not found or len(rows) >= count:
                break
            start = stop_of(found, start)
        return rows[:count]

    def _step_after(self, start: Cursor) -> list[LogRow]:
        left, right = (
            side.read(start[n], start[n] + COMPARED_LINES)
            for n, side in enumerate(self._sides)
        )
        is_whole = all(
            start[n] + len(lines) > self._sides[n].total
            for n, lines in enumerate((left, right))
        )
        pairs = _equal_pairs(left, right)
        if pairs and not is_whole:
            # What follows can be the same as lines that were not read.
            mine, theirs = pairs[-1]
            left, right = left[: mine + 1], right[: theirs + 1]
        return _rows(left, right, pairs)

    def before(self, stop: Cursor, count: int) -> tuple[Cursor, list[LogRow]]:
        rows: list[LogRow] = []
        end = stop
        for _step in range(MAX_STEPS):
            found = self._step_before(end)
            rows = found + rows
            if not found or len(rows) >= count:
                break
            end = start_of(found, end)
        rows = rows[-count:]
        return start_of(rows, stop), rows

    def _step_before(self, stop: Cursor) -> list[LogRow]:
        compared = COMPARED_LINES
        while True:
            firsts = [max(1, number - compared) for number in stop]
            left, right = (
                side.read(firsts[n], stop[n]) for n, side in enumerate(self._sides)
            )
            # Of very long lines, fewer are read at once.
            if compared == 1 or all(
                firsts[n] + len(lines) >= stop[n]
                for n, lines in enumerate((left, right))
            ):
                break
            compared = max(1, compared // 2)
        pairs = _equal_pairs(left, right)
        if pairs and max(firsts) > 1:
            mine, theirs = pairs[0]
            left, right = left[mine:], right[theirs:]
            pairs = [(a - mine, b - theirs) for a, b in pairs]
        return _rows(left, right, pairs)

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        return min(cursor[0], end[0]), min(cursor[1], end[1])

    def cursor_of(self, side: int, number: int) -> Cursor:
        """Return the row of a line: by the last line before it that both logs have."""
        first = max(1, number - COMPARED_LINES // 2)
        mine = self._sides[side].read(first, number + 1)
        theirs = self._sides[1 - side].read(first, first + COMPARED_LINES)
        pairs = _equal_pairs(mine, theirs)
        moved = theirs[pairs[-1][1]].number - mine[pairs[-1][0]].number if pairs else 0
        other = max(1, min(number + moved, self._sides[1 - side].total + 1))
        return (other, number) if side else (number, other)


def _equal_pairs(
    left: Sequence[LogLine], right: Sequence[LogLine]
) -> list[tuple[int, int]]:
    return equal_lines([each.text for each in left], [each.text for each in right])


def _rows(
    left: Sequence[LogLine], right: Sequence[LogLine], pairs: Sequence[tuple[int, int]]
) -> list[LogRow]:
    rows: list[LogRow] = []
    at = (0, 0)
    for mine, theirs in (*pairs, (len(left), len(right))):
        different = left[at[0] : mine], right[at[1] : theirs]
        for n in range(max(map(len, different))):
            own, other = (lines[n] if n < len(lines) else None for lines in different)
            rows.append(LogRow(own, other))
        if mine < len(left) and theirs < len(right):
            rows.append(LogRow(left[mine], right[theirs]))
        at = mine + 1, theirs + 1
    return rows
