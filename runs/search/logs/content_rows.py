"""Rows of two logs in which lines that say the same are next to each other.

As in a diff, but of some hundred lines at a time, so that logs of any size are shown.
Lines that only one log has are alone; of others between equal lines, as many as both
logs have are next to each other. Time stamps are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from runs.render.logs import LogLine, equal_lines
from runs.search.logs.log_rows import Cursor, LogRow, LogRows, start_of, stop_of
from runs.search.logs.log_sides import LogSide

#: Lines of each log that are compared at once: counterparts are found this far away.
COMPARED_LINES = 1000
#: Comparisons for one window: each can end at the last line that both logs have.
MAX_STEPS = 8


class ContentRows:
    """The rows of two logs, from any position in both."""

    def __init__(self, sides: Sequence[LogSide]) -> None:
        self._sides = sides

    def after(self, start: Cursor, count: int) -> LogRows:
        rows: list[LogRow] = []
        stop, is_busy = start, False
        for _step in range(MAX_STEPS):
            found = self._step_after(stop, count - len(rows))
            rows += found.rows
            stop, is_busy = found.stop, found.is_busy
            if not found.rows or len(rows) >= count:
                break
        return LogRows(rows, start, stop, is_busy and not rows)

    def _step_after(self, start: Cursor, count: int) -> LogRows:
        found = [
            side.after(start[n], COMPARED_LINES) for n, side in enumerate(self._sides)
        ]
        ended = [each.stop > self._sides[n].total for n, each in enumerate(found)]
        is_busy = any(each.is_busy for each in found)
        if any(not each.lines and not ended[n] for n, each in enumerate(found)):
            # A filter found none in this log yet: its next lines are still unknown.
            return LogRows((), start, stop_of((), found, start), is_busy)
        left, right = (each.lines for each in found)
        pairs = _equal_pairs(left, right)
        if pairs and not all(ended):
            # What follows can be the same as lines that were not read.
            mine, theirs = pairs[-1]
            left, right = left[: mine + 1], right[: theirs + 1]
        rows = _rows(left, right, pairs)[:count]
        return LogRows(rows, start, stop_of(rows, found, start), is_busy)

    def before(self, stop: Cursor, count: int) -> LogRows:
        rows: list[LogRow] = []
        start, is_busy = stop, False
        for _step in range(MAX_STEPS):
            found = self._step_before(start, count - len(rows))
            rows = [*found.rows, *rows]
            start, is_busy = found.start, found.is_busy
            if not found.rows or len(rows) >= count:
                break
        return LogRows(rows, start, stop, is_busy and not rows)

    def _step_before(self, stop: Cursor, count: int) -> LogRows:
        found = [
            side.before(stop[n], COMPARED_LINES) for n, side in enumerate(self._sides)
        ]
        begun = [each.first <= 1 for each in found]
        is_busy = any(each.is_busy for each in found)
        if any(not each.lines and not begun[n] for n, each in enumerate(found)):
            return LogRows((), start_of((), found, stop), stop, is_busy)
        left, right = (each.lines for each in found)
        pairs = _equal_pairs(left, right)
        if pairs and not all(begun):
            mine, theirs = pairs[0]
            left, right = left[mine:], right[theirs:]
            pairs = [(a - mine, b - theirs) for a, b in pairs]
        rows = _rows(left, right, pairs)[-count:]
        return LogRows(rows, start_of(rows, found, stop), stop, is_busy)

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        return min(cursor[0], end[0]), min(cursor[1], end[1])

    def cursor_of(self, side: int, number: int) -> Cursor:
        """Return the row of a line: by the last line before it that both logs have."""
        near = self._sides[side].before(number + 1, COMPARED_LINES // 2)
        mine = near.lines
        theirs = self._sides[1 - side].after(near.first, COMPARED_LINES).lines
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
