"""Pages and context of the whole site: frame, home, health, style guide."""

from __future__ import annotations

from runs.pages.site.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
