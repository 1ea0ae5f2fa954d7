"""Two logs side by side: rows of the same number, second, or content."""

from __future__ import annotations

from dataclasses import dataclass, field

from runs.search.logs.content_rows import ContentRows
from runs.search.logs.log_filter import LogFilter
from runs.search.logs.log_rows import Cursor, LogRow, LogRows
from runs.search.logs.log_sides import LogSide
from runs.search.logs.log_source import LogSource
from runs.search.logs.number_rows import NumberRows
from runs.search.logs.time_rows import TimeRows

#: How rows are aligned: by line number, by what lines say, by the time since each log's
#: first stamp, or by the time of the day.
BY_LINE, BY_CONTENT, BY_ELAPSED, BY_CLOCK = "line", "content", "elapsed", "clock"
ALIGNMENTS = (BY_LINE, BY_CONTENT, BY_ELAPSED, BY_CLOCK)
#: Rows of a window, and rows above the line that is looked for.
PAIR_ROWS = 300
ROWS_ABOVE = 40


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
    #: Only rows of lines that match, of both logs.
    filter: LogFilter = field(default_factory=LogFilter)


@dataclass(frozen=True)
class LogPair:
    """Rows of two logs. `start` are their first lines, `stop` those after them.

    With a filter, there can be none although more follow: the search took too long.
    """

    rows: tuple[LogRow, ...]
    start: Cursor
    stop: Cursor
    totals: Cursor
    align: str
    #: Whether both logs have time stamps.
    has_times: bool
    #: Other searches had all turns, and nothing was searched: ask for the same again.
    is_busy: bool = False

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
    sides = (LogSide(left, query.filter), LogSide(right, query.filter))
    has_times = all(side.first_time is not None for side in sides)
    needs_times = query.align in (BY_ELAPSED, BY_CLOCK)
    align = BY_LINE if needs_times and not has_times else query.align
    found = _read_rows(_aligned(align, sides), sides, query)
    totals = (sides[0].total, sides[1].total)
    return LogPair(
        tuple(found.rows),
        found.start,
        found.stop,
        totals,
        align,
        has_times,
        found.is_busy,
    )


def _aligned(align: str, sides: tuple[LogSide, LogSide]) -> _Aligned:
    if align == BY_LINE:
        return NumberRows(sides)
    if align == BY_CONTENT:
        return ContentRows(sides)
    is_elapsed = align == BY_ELAPSED
    bases = [(side.first_time or 0) if is_elapsed else 0 for side in sides]
    return TimeRows(sides, bases)


def _read_rows(
    aligned: _Aligned, sides: tuple[LogSide, LogSide], query: PairQuery
) -> LogRows:
    end = (sides[0].total + 1, sides[1].total + 1)
    if query.is_end:
        return aligned.before(aligned.limit(end, end), query.count)
    if query.before is not None:
        return aligned.before(aligned.limit(query.before, end), query.count)
    start = aligned.limit(query.start or (1, 1), end)
    if query.line is not None:
        # The log can be shorter than it was when the link was made.
        number = max(1, min(query.line, sides[query.side].total))
        moment = aligned.cursor_of(query.side, number)
        start = aligned.before(moment, ROWS_ABOVE).start
    return aligned.after(start, query.count)


_Aligned = NumberRows | TimeRows | ContentRows
