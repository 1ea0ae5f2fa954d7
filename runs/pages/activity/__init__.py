"""Who changed what in a workspace: the feed, its exports, undo since a time."""

from __future__ import annotations

from runs.pages.activity.urls import urlpatterns

__all__ = ["urlpatterns"]
