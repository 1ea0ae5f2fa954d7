"""Help: the user documentation, the filter language, the keys."""

from __future__ import annotations

from runs.pages.help.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
