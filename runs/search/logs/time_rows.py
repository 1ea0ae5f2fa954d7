"""Rows of two logs in which lines of the same second are next to each other."""

from __future__ import annotations

from collections.abc import Sequence

from runs.render.logs import LogLine
from runs.search.logs.log_rows import Cursor, LogRow, LogRows, start_of, stop_of
from runs.search.logs.log_sides import LogSide

_SECOND_MS = 1000
#: Before all lines with a stamp.
_NO_TIME = -1
#: From a line far into its second, the rows start at the line itself.
_MAX_LINES_OF_SECOND = 150

_Timed = list[tuple[int, LogLine]]


class TimeRows:
    """Lines of the same second are in the same rows, in their order."""

    def __init__(self, sides: Sequence[LogSide], bases: Sequence[int]) -> None:
        self._sides, self._bases = sides, bases

    def after(self, start: Cursor, count: int) -> LogRows:
        found = [side.after(start[n], count) for n, side in enumerate(self._sides)]
        ended = [found[n].stop > side.total for n, side in enumerate(self._sides)]
        timed = [self._timed(n, each.lines) for n, each in enumerate(found)]
        rows = _merge(timed, ended)[:count]
        is_busy = any(each.is_busy for each in found)
        return LogRows(rows, start, stop_of(rows, found, start), is_busy)

    def before(self, stop: Cursor, count: int) -> LogRows:
        found = [side.before(stop[n], count) for n, side in enumerate(self._sides)]
        timed = [self._timed(n, each.lines) for n, each in enumerate(found)]
        begun = [each.first <= 1 for each in found]
        if any(not timed[n] and not begun[n] for n in (0, 1)):
            # A filter found none in this log yet: its earlier lines are still unknown.
            rows: list[LogRow] = []
        else:
            rows = _merge(_known(timed, begun), [True, True])[-count:]
        is_busy = any(each.is_busy for each in found)
        return LogRows(rows, start_of(rows, found, stop), stop, is_busy)

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        return min(cursor[0], end[0]), min(cursor[1], end[1])

    def cursor_of(self, side: int, number: int) -> Cursor:
        """Return the first lines of the second in which a line was written."""
        time = self._sides[side].time_of(number)
        own = _NO_TIME if time is None else self._second(side, time)
        second = max(own, self._second_before(side, number))
        if second == _NO_TIME:
            return (1, 1)
        found = [
            each.line_from(base + second * _SECOND_MS)
            for each, base in zip(self._sides, self._bases, strict=True)
        ]
        if number - found[side] > _MAX_LINES_OF_SECOND:
            found[side] = number
        return found[0], found[1]

    def _second(self, side: int, time: int) -> int:
        return (time - self._bases[side]) // _SECOND_MS

    def _second_before(self, side: int, number: int) -> int:
        times = self._sides[side].times_before(number)
        return max((self._second(side, each) for each in times), default=_NO_TIME)

    def _timed(self, side: int, lines: Sequence[LogLine]) -> _Timed:
        """Return lines with their second, which is that of the last stamp."""
        timed: _Timed = []
        second, expected = _NO_TIME, 0
        for line in lines:
            if line.number != expected and (line.time is None or not timed):
                # A line that is not shown can have the stamp.
                second = max(second, self._second_before(side, line.number))
            if line.time is not None:
                # Stamps of several writers can be mixed a little.
                second = max(second, self._second(side, line.time))
            timed.append((second, line))
            expected = line.number + 1
        return timed


def _known(timed: Sequence[_Timed], begun: Sequence[bool]) -> list[_Timed]:
    """Keep the lines from the second on where the lines of both logs are known."""
    # Where one log's lines begin later, the other's earlier ones come first.
    latest = max(
        (lines[0][0] for n, lines in enumerate(timed) if lines and not begun[n]),
        default=_NO_TIME,
    )
    if all(begun):
        return list(timed)
    kept = [[each for each in lines if each[0] > latest] for lines in timed]
    return kept if any(kept) else list(timed)


def _merge(timed: Sequence[_Timed], ended: Sequence[bool]) -> list[LogRow]:
    """Merge lines by their second, as long as the next line of both is known."""
    rows: list[LogRow] = []
    at = [0, 0]
    while True:
        rest = [timed[n][at[n]] if at[n] < len(timed[n]) else None for n in (0, 1)]
        if any(rest[n] is None and not ended[n] for n in (0, 1)):
            return rows
        times = [each[0] for each in rest if each is not None]
        if not times:
            return rows
        now = [
            each[1] if each is not None and each[0] == min(times) else None
            for each in rest
        ]
        rows.append(LogRow(now[0], now[1]))
        at = [at[n] + (now[n] is not None) for n in (0, 1)]
