"""A run's logs: windows of lines, search in one log, times, tracebacks."""

from runs.search.logs.log_filter import LogFilter, check_levels
from runs.search.logs.log_outline import LogOutline, read_outline
from runs.search.logs.log_pairs import (
    ALIGNMENTS,
    BY_CLOCK,
    BY_CONTENT,
    BY_ELAPSED,
    BY_LINE,
    LogPair,
    PairQuery,
    read_pair,
)
from runs.search.logs.log_pattern import LogPattern
from runs.search.logs.log_rows import LogRow
from runs.search.logs.log_search import LogHit, LogSearch, search_log
from runs.search.logs.log_source import LogSource, find_log_source, source_of_file
from runs.search.logs.log_tail import LogTail, read_tail
from runs.search.logs.log_window import (
    DEFAULT_COUNT,
    MAX_COUNT,
    LogWindow,
    WindowQuery,
    read_window,
)
from runs.storage.logs import UncountedLinesError

__all__ = [
    "ALIGNMENTS",
    "BY_CLOCK",
    "BY_CONTENT",
    "BY_ELAPSED",
    "BY_LINE",
    "DEFAULT_COUNT",
    "MAX_COUNT",
    "LogFilter",
    "LogHit",
    "LogOutline",
    "LogPair",
    "LogPattern",
    "LogRow",
    "LogSearch",
    "LogSource",
    "LogTail",
    "LogWindow",
    "PairQuery",
    "UncountedLinesError",
    "WindowQuery",
    "check_levels",
    "find_log_source",
    "read_outline",
    "read_pair",
    "read_tail",
    "read_window",
    "search_log",
    "source_of_file",
]
