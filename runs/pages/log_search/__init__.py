"""Matching lines of logs by run, and the switch of their index."""

from runs.pages.log_search.urls import urlpatterns

__all__ = ["urlpatterns"]
