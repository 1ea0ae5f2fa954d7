"""The page *Storage*: what the workspace stores, how it grows, its quota."""

from __future__ import annotations

from runs.pages.usage.urls import urlpatterns

__all__ = ["urlpatterns"]
