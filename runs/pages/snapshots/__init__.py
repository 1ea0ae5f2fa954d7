"""The run page's snapshot: its files, their differences, git and the environment."""

from __future__ import annotations

from runs.pages.snapshots.urls import urlpatterns

__all__ = ["urlpatterns"]
