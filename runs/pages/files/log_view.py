"""A text file in the viewer: the first window of its lines, and links to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse

from runs.models import File, Run
from runs.pages.files.open_files import OpenFiles
from runs.pages.logs import (
    UncountedLog,
    hits_context,
    outline_context,
    parse_number,
    parse_pattern,
    read_uncounted_log,
    window_context,
)
from runs.pages.requests import PageRequest
from runs.render.formats import run_path
from runs.search.logs import (
    LogFilter,
    LogSource,
    LogWindow,
    WindowQuery,
    check_levels,
    read_outline,
    read_window,
    source_of_file,
)

#: Lines of the first window, and lines of it above the line that is looked for.
FIRST_LINES = 300
LINES_ABOVE = 40
#: The tracebacks of a longer log are found after the page is shown.
MAX_OUTLINED_BYTES = 8 * 1024 * 1024
LEVELS = ("error", "warn", "info", "debug")


@dataclass(frozen=True)
class LogView:
    """What the viewer shows of a log; addresses end where parameters can follow."""

    window: LogWindow
    #: The context of `_log_lines.html`.
    lines: dict[str, Any]
    lines_href: str
    search_href: str
    outline_href: str
    metrics_href: str
    #: The line that the address looks for; 0 if none.
    line: int
    is_live: bool
    query: str
    is_regex: bool
    level: str
    only_matching: bool
    page_href: str
    #: Leads to this log next to another one; empty for a file of a model.
    compare_href: str
    #: The contexts of `_log_outline.html` and `_log_hits.html`.
    outline: dict[str, Any] | None
    hits: dict[str, Any] | None

    @property
    def levels(self) -> Sequence[str]:
        return LEVELS

    @property
    def earlier_query(self) -> str:
        """What leads to the lines before this window; empty if there are none."""
        if self.is_filtered:
            first = self.window.searched_from
            return f"&{self.filter_query}&before={first}" if first > 1 else ""
        first = self.window.first
        return f"&before={first}" if first > 1 else ""

    @property
    def later_query(self) -> str:
        """What leads to the lines after this window; empty if there are none."""
        if self.is_filtered or self.window.is_end:
            return ""
        return f"&line={self.window.last + 1}&top=1"

    @property
    def is_filtered(self) -> bool:
        return bool(self.level or (self.query and self.only_matching))

    @property
    def filter_query(self) -> str:
        given = {
            "q": self.query,
            "regex": "1" if self.is_regex else "",
            "level": self.level,
            "only": "1" if self.only_matching else "",
        }
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def time(self) -> int | None:
        """When the line was written that the address looks for."""
        for line in self.window.lines:
            if line.number == self.line:
                return line.time
        return None


def read_log_view(
    request: PageRequest, run: Run, file: File, state: OpenFiles
) -> LogView | UncountedLog:
    """Read the window that the address names, else the last lines.

    Of a very large log whose lines are not counted yet, these are the last lines.
    """
    source = source_of_file(run, file)
    uncounted = read_uncounted_log(request, source)
    return uncounted or _read_counted(request, run, file, state, source)


def _read_counted(
    request: PageRequest, run: Run, file: File, state: OpenFiles, source: LogSource
) -> LogView:
    given = request.GET
    pattern = parse_pattern(request, "q")
    level = given.get("level", "")
    wanted = LogFilter(check_levels([level]), pattern if "only" in given else None)
    line, window = _first_window(request, source, wanted)
    path = run_path(request.workspace.name, run.run_id)
    model_id = state.chosen.model_id if state.chosen else ""
    query = f"model={quote(model_id)}&" if model_id else ""
    query += f"path={quote(file.path)}"
    is_short = source.size <= MAX_OUTLINED_BYTES
    return LogView(
        window,
        window_context(source, window, pattern),
        f"{path}logs/lines/?{query}",
        f"{path}logs/search/?{query}",
        f"{path}logs/outline/?{query}",
        f"{path}metrics/",
        line,
        run.state.is_active,
        given.get("q", ""),
        "regex" in given,
        level if wanted.levels else "",
        "only" in given,
        state.href,
        "" if model_id else _compare_href(request, run, file),
        outline_context(request, source) if is_short else None,
        hits_context(request, source, pattern, given.get("after", ""))
        if pattern
        else None,
    )


def _compare_href(request: PageRequest, run: Run, file: File) -> str:
    address = reverse("log-comparison", args=[request.workspace.name])
    return f"{address}?run={quote(run.run_id)}&path={quote(file.path)}"


def _first_window(
    request: PageRequest, source: LogSource, wanted: LogFilter
) -> tuple[int, LogWindow]:
    """Return the line that is looked for, 0 if none, and the window around it."""
    number = parse_number(request, "line") or 0
    time = parse_number(request, "at")
    end = WindowQuery(
        is_end=True,
        count=FIRST_LINES,
        filter=wanted,
        before=parse_number(request, "before"),
    )
    if wanted:
        return 0, read_window(source, end)
    if time is not None:
        window = read_window(source, WindowQuery(at=time, count=FIRST_LINES))
        # Without time stamps, the end says most.
        if window.moment is not None:
            return window.moment, window
    if "traceback" in request.GET:
        number = _last_traceback(source)
    if not number:
        return 0, read_window(source, end)
    is_top = "top" in request.GET
    above = 0 if is_top else LINES_ABOVE
    wanted_lines = WindowQuery(line=number, above=above, count=FIRST_LINES)
    window = read_window(source, wanted_lines)
    if window.lines:
        return 0 if is_top else number, window
    # The log is shorter than it was when the link was made.
    return 0, read_window(source, end)


def _last_traceback(source: LogSource) -> int:
    """Return its first line; 0 if there is none."""
    found = read_outline(source).tracebacks
    return found[-1].first if found else 0
