"""Custom views: opened, saved, shared, deleted, restored."""

from __future__ import annotations

from runs.pages.views.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
