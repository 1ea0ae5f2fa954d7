"""Fragments of a run's log: its lines, the hits of a search, its tracebacks."""

from runs.pages.logs.log_fragments import (
    hits_context,
    outline_context,
    search_context,
    window_context,
)
from runs.pages.logs.log_requests import fragment_etag, parse_number, parse_pattern
from runs.pages.logs.uncounted import UncountedLog, read_uncounted_log
from runs.pages.logs.urls import urlpatterns

__all__ = [
    "UncountedLog",
    "fragment_etag",
    "hits_context",
    "outline_context",
    "parse_number",
    "parse_pattern",
    "read_uncounted_log",
    "search_context",
    "urlpatterns",
    "window_context",
]
