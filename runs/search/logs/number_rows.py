"""Rows of two logs in which lines with the same number are next to each other."""

from __future__ import annotations

from collections.abc import Sequence

from runs.search.logs.log_rows import Cursor, LogRow, LogRows
from runs.search.logs.log_sides import LogSide, SideLines


class NumberRows:
    """Line n of both logs is in one row. With a filter, empty rows are left out.

    Cursors have the same number for both logs.
    """

    def __init__(self, sides: Sequence[LogSide]) -> None:
        self._sides = sides

    def after(self, start: Cursor, count: int) -> LogRows:
        first = max(1, *start)
        found = [side.after(first, count) for side in self._sides]
        rows = _merge(found)
        # Beyond the end of a log, no line of it is missing.
        ends = [
            each.stop
            for each, side in zip(found, self._sides, strict=True)
            if each.stop <= side.total
        ]
        end = min(ends, default=max(side.total for side in self._sides) + 1)
        numbers = [number for number in rows if number < end]
        stop = max(end, first)
        if len(numbers) > count:
            numbers, stop = numbers[:count], numbers[count]
        return _log_rows(rows, numbers, first, stop, found)

    def before(self, stop: Cursor, count: int) -> LogRows:
        end = max(stop)
        found = [side.before(end, count) for side in self._sides]
        rows = _merge(found)
        first = max(each.first for each in found)
        numbers = [number for number in rows if first <= number < end]
        if len(numbers) > count:
            numbers = numbers[-count:]
            first = numbers[0]
        return _log_rows(rows, numbers, first, end, found)

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        """A row of both logs, at most the one after the longer log."""
        return (min(max(cursor), max(end)),) * 2

    def cursor_of(self, _side: int, number: int) -> Cursor:
        return (number, number)


def _merge(found: Sequence[SideLines]) -> dict[int, LogRow]:
    left, right = ({line.number: line for line in each.lines} for each in found)
    numbers = sorted(left.keys() | right.keys())
    return {n: LogRow(left.get(n), right.get(n)) for n in numbers}


def _log_rows(
    rows: dict[int, LogRow],
    numbers: Sequence[int],
    start: int,
    stop: int,
    found: Sequence[SideLines],
) -> LogRows:
    is_busy = any(each.is_busy for each in found)
    chosen = [rows[number] for number in numbers]
    return LogRows(chosen, (start, start), (stop, stop), is_busy)
