"""Two logs side by side: rows of the same number, second, or content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runs.render.logs import LogLine
from runs.search.logs.content_rows import ContentRows
from runs.search.logs.log_rows import Cursor, LogRow, start_of, stop_of
from runs.search.logs.log_source import LogSource
from runs.search.logs.log_window import LogWindow, WindowQuery, read_window

#: How rows are aligned: by line number, by what lines say, by the time since each log's
#: first stamp, or by the time of the day.
BY_LINE, BY_CONTENT, BY_ELAPSED, BY_CLOCK = "line", "content", "elapsed", "clock"
ALIGNMENTS = (BY_LINE, BY_CONTENT, BY_ELAPSED, BY_CLOCK)
#: Rows of a window, and rows above the line that is looked for.
PAIR_ROWS = 300
ROWS_ABOVE = 40
#: Lines before a window that can have the stamp which counts for its first lines.
_LOOK_BACK_LINES = 50
#: Lines without a stamp at a log's start belong to its first second.
_MAX_HEAD_LINES = 200
_SECOND_MS = 1000
#: Before all lines with a stamp.
_NO_TIME = -1


@dataclass(frozen=True)
class PairQuery:
    """Where the rows start: one of the fields, else at the first lines.

    `start` and `before` are a line number of each log: of the first lines in the
    window, or of those that follow it. `line` is a line that is looked for, of the log
    `side` (0 or 1).
    """

    align: str = BY_LINE
    start: Cursor | None = None
    before: Cursor | None = None
    is_end: bool = False
    line: int | None = None
    side: int = 0
    count: int = PAIR_ROWS


@dataclass(frozen=True)
class LogPair:
    """Rows of two logs. `start` are their first lines, `stop` those after them."""

    rows: tuple[LogRow, ...]
    start: Cursor
    stop: Cursor
    totals: Cursor
    align: str
    #: Whether both logs have time stamps.
    has_times: bool

    @property
    def is_start(self) -> bool:
        return max(self.start) <= 1

    @property
    def is_end(self) -> bool:
        return all(
            number > total for number, total in zip(self.stop, self.totals, strict=True)
        )


def read_pair(left: LogSource, right: LogSource, query: PairQuery) -> LogPair:
    """Read rows of two logs, in constant memory. Raises MissingBytes, OSError.

    If a log has no stamps by which rows could be aligned, it is done by line number.
    """
    sides = (_Side(left), _Side(right))
    has_times = all(side.first_time is not None for side in sides)
    needs_times = query.align in (BY_ELAPSED, BY_CLOCK)
    align = BY_LINE if needs_times and not has_times else query.align
    aligned: _Aligned = _ByNumber(sides)
    if align == BY_CONTENT:
        aligned = ContentRows(sides)
    elif align != BY_LINE:
        is_elapsed = align == BY_ELAPSED
        aligned = _ByTime(
            sides, [(side.first_time or 0) if is_elapsed else 0 for side in sides]
        )
    start, rows = _read_rows(aligned, sides, query)
    stop = stop_of(rows, start)
    if align == BY_LINE:
        stop = (start[0] + len(rows),) * 2
    totals = (sides[0].total, sides[1].total)
    return LogPair(tuple(rows), start, stop, totals, align, has_times)


def _read_rows(
    aligned: _Aligned, sides: tuple[_Side, _Side], query: PairQuery
) -> tuple[Cursor, list[LogRow]]:
    end = (sides[0].total + 1, sides[1].total + 1)
    if query.is_end:
        return aligned.before(end, query.count)
    if query.before is not None:
        return aligned.before(aligned.limit(query.before, end), query.count)
    start = aligned.limit(query.start or (1, 1), end)
    if query.line is not None:
        # The log can be shorter than it was when the link was made.
        number = max(1, min(query.line, sides[query.side].total))
        moment = aligned.cursor_of(query.side, number)
        start, _above = aligned.before(moment, ROWS_ABOVE)
    return start, aligned.after(start, query.count)


class _Side:
    """One of the two logs."""

    def __init__(self, source: LogSource) -> None:
        self.source = source
        head = self._read(WindowQuery(at=0, count=1))
        self.total = head.total
        self.first_time = head.lines[0].time if head.moment and head.lines else None

    def _read(self, query: WindowQuery) -> LogWindow:
        window = read_window(self.source, query)
        # Objects are compared as text, in which their words are marked.
        return replace(
            window, lines=tuple(replace(line, cells=()) for line in window.lines)
        )

    def read(self, first: int, stop: int) -> list[LogLine]:
        """Read lines from `first` on and before `stop`; fewer if they are long."""
        stop = min(stop, self.total + 1)
        if first >= stop:
            return []
        window = self._read(WindowQuery(line=first, count=stop - first))
        return [line for line in window.lines if first <= line.number < stop]

    def line_from(self, time: int) -> int:
        """Return the first line that was written at or after a time (in ms)."""
        window = self._read(WindowQuery(at=time - 1, count=4))
        moment = window.moment or 1
        line = next(each for each in window.lines if each.number == moment)
        if line.time is not None and line.time < time:
            return moment + 1
        return 1 if moment <= _MAX_HEAD_LINES else moment


class _ByNumber:
    """Line n of both logs is row n."""

    def __init__(self, sides: tuple[_Side, _Side]) -> None:
        self._sides = sides
        self._total = max(side.total for side in sides)

    def after(self, start: Cursor, count: int) -> list[LogRow]:
        first = max(1, *start)
        stop = min(first + count, self._total + 1)
        found = [side.read(first, stop) for side in self._sides]
        for side, lines in zip(self._sides, found, strict=True):
            # Long lines end the window.
            if lines and lines[-1].number + 1 < min(stop, side.total + 1):
                stop = lines[-1].number + 1
        left, right = ({line.number: line for line in lines} for lines in found)
        return [LogRow(left.get(n), right.get(n)) for n in range(first, stop)]

    def before(self, stop: Cursor, count: int) -> tuple[Cursor, list[LogRow]]:
        end = max(stop)
        while True:
            first = max(1, end - count)
            rows = self.after((first, first), end - first)
            if len(rows) == end - first or count == 1:
                return (first, first), rows
            # With fewer lines, the window has all of them up to `stop`.
            count = max(1, count // 2)

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        """A row of both logs, at most the one after the longer log."""
        return (min(max(cursor), max(end)),) * 2

    def cursor_of(self, _side: int, number: int) -> Cursor:
        return (number, number)


class _ByTime:
    """Lines of the same second are in the same rows, in their order."""

    def __init__(self, sides: tuple[_Side, _Side], bases: Sequence[int]) -> None:
        self._sides, self._bases = sides, bases

    def after(self, start: Cursor, count: int) -> list[LogRow]:
        found = [self._timed(n, start[n], start[n] + count) for n in (0, 1)]
        return self._merge(found, start)[:count]

    def before(self, stop: Cursor, count: int) -> tuple[Cursor, list[LogRow]]:
        while True:
            firsts = [max(1, number - count) for number in stop]
            found = [self._timed(n, firsts[n], stop[n]) for n in (0, 1)]
            # Of very long lines, fewer are read at once.
            if count == 1 or all(
                not lines
                or lines[-1][1].number + 1 >= min(stop[n], self._sides[n].total + 1)
                for n, lines in enumerate(found)
            ):
                break
            count = max(1, count // 2)
        # Where one log's lines begin later, the other's earlier ones come first.
        latest = max(
            (each[0][0] for n, each in enumerate(found) if each and firsts[n] > 1),
            default=_NO_TIME,
        )
        kept = [[each for each in lines if each[0] > latest] for lines in found]
        if not any(kept):
            kept = found
        start = (
            kept[0][0][1].number if kept[0] else stop[0],
            kept[1][0][1].number if kept[1] else stop[1],
        )
        rows = self._merge(kept, start, is_whole=True)[-count:]
        return start_of(rows, stop), rows

    @staticmethod
    def limit(cursor: Cursor, end: Cursor) -> Cursor:
        return min(cursor[0], end[0]), min(cursor[1], end[1])

    def cursor_of(self, side: int, number: int) -> Cursor:
        """Return the first lines of the second in which a line was written."""
        timed = self._timed(side, number, number + 1)
        second = timed[0][0] if timed else _NO_TIME
        if second == _NO_TIME:
            return (1, 1)
        found = [
            each.line_from(base + second * _SECOND_MS)
            for each, base in zip(self._sides, self._bases, strict=True)
        ]
        if number - found[side] > PAIR_ROWS // 2:
            found[side] = number
        return found[0], found[1]

    def _timed(self, side: int, first: int, stop: int) -> list[tuple[int, LogLine]]:
        """Return lines with their second, which is that of the last stamp."""
        begin = max(1, first - _LOOK_BACK_LINES)
        second, timed = _NO_TIME, []
        lines = self._sides[side].read(begin, stop)
        if lines and lines[-1].number < first:
            # The lines before are so long that the window ends there.
            lines = self._sides[side].read(first, stop)
        for line in lines:
            if line.time is not None:
                # Stamps of several writers can be mixed a little.
                own = (line.time - self._bases[side]) // _SECOND_MS
                second = max(second, own)
            if line.number >= first:
                timed.append((second, line))
        return timed

    def _merge(
        self,
        found: Sequence[Sequence[tuple[int, LogLine]]],
        start: Cursor,
        *,
        is_whole: bool = False,
    ) -> list[LogRow]:
        """Merge lines by their second, as long as the next line of both is known."""
        rows: list[LogRow] = []
        at = [0, 0]
        ended = [
            is_whole or start[n] + len(found[n]) > self._sides[n].total for n in (0, 1)
        ]
        while True:
            rest = [found[n][at[n]] if at[n] < len(found[n]) else None for n in (0, 1)]
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


_Aligned = _ByNumber | _ByTime | ContentRows
