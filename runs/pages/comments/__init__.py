"""Comments: the tab of a run, the page of a view, and the editors of both."""

from __future__ import annotations

from runs.pages.comments.urls import urlpatterns

__all__ = ["urlpatterns"]
