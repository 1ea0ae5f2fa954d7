"""Fragments of a run's log: its lines, the hits of a search, its tracebacks."""

from runs.pages.logs.log_fragments import (
    hits_context,
    outline_context,
    window_context,
)
from runs.pages.logs.log_requests import parse_number, parse_pattern
from runs.pages.logs.urls import urlpatterns

__all__ = [
    "hits_context",
    "outline_context",
    "parse_number",
    "parse_pattern",
    "urlpatterns",
    "window_context",
]
