"""A run's logs: windows of lines, search in one log, times, tracebacks."""

from runs.search.logs.log_source import LogSource, find_log_source
from runs.search.logs.log_window import (
    DEFAULT_COUNT,
    MAX_COUNT,
    LogWindow,
    WindowQuery,
    read_window,
)

__all__ = [
    "DEFAULT_COUNT",
    "MAX_COUNT",
    "LogSource",
    "LogWindow",
    "WindowQuery",
    "find_log_source",
    "read_window",
]
