"""One of two logs that are side by side: its next lines, all or those of a filter."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runs.render.logs import LogLine
from runs.search.logs.log_filter import LogFilter
from runs.search.logs.log_source import LogSource
from runs.search.logs.log_window import LogWindow, WindowQuery, read_window

#: Lines before a line that can have the stamp which counts for it.
LOOK_BACK_LINES = 50
#: Lines without a stamp at a log's start belong to its first second.
_MAX_HEAD_LINES = 200


@dataclass(frozen=True)
class SideLines:
    """Lines of one log. All lines from `first` on and before `stop` were read."""

    lines: tuple[LogLine, ...]
    first: int
    stop: int
    is_busy: bool = False


class LogSide:
    """One of the two logs; with a filter, it has only the lines that match."""

    def __init__(self, source: LogSource, wanted: LogFilter) -> None:
        self._source = source
        self._filter = wanted
        head = self._read(WindowQuery(at=0, count=1))
        self.total = head.total
        self.first_time = head.lines[0].time if head.moment and head.lines else None

    def after(self, first: int, count: int) -> SideLines:
        """Read the first lines from a line on; fewer if they are long."""
        if first > self.total:
            return SideLines((), first, first)
        return self._lines(WindowQuery(line=first, count=count, filter=self._filter))

    def before(self, stop: int, count: int) -> SideLines:
        """Read the last lines before a line; fewer if they are long."""
        stop = min(stop, self.total + 1)
        if stop <= 1:
            return SideLines((), 1, 1)
        return self._lines(WindowQuery(before=stop, count=count, filter=self._filter))

    def times_before(self, number: int) -> list[int]:
        """Return the stamps of the lines before a line (in ms)."""
        if number <= 1:
            return []
        window = self._read(WindowQuery(before=number, count=LOOK_BACK_LINES))
        return [line.time for line in window.lines if line.time is not None]

    def time_of(self, number: int) -> int | None:
        """Return the stamp of a line, also of one that the filter leaves out."""
        lines = self._read(WindowQuery(line=number, count=1)).lines
        return lines[0].time if lines else None

    def line_from(self, time: int) -> int:
        """Return the first line that was written at or after a time (in ms)."""
        window = self._read(WindowQuery(at=time - 1, count=4))
        moment = window.moment or 1
        line = next(each for each in window.lines if each.number == moment)
        if line.time is not None and line.time < time:
            return moment + 1
        return 1 if moment <= _MAX_HEAD_LINES else moment

    def _lines(self, query: WindowQuery) -> SideLines:
        window = self._read(query)
        first, stop = window.searched_from, window.searched_to
        return SideLines(window.lines, first, stop, window.is_busy)

    def _read(self, query: WindowQuery) -> LogWindow:
        window = read_window(self._source, query)
        # Objects are compared as text, in which their words are marked.
        return replace(
            window, lines=tuple(replace(line, cells=()) for line in window.lines)
        )
