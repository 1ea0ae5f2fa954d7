"""Fragments of a run's log: its lines, the hits of a search, its tracebacks."""

from runs.pages.logs.log_fragments import window_context
from runs.pages.logs.log_requests import parse_number
from runs.pages.logs.urls import urlpatterns

__all__ = ["parse_number", "urlpatterns", "window_context"]
