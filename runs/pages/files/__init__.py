"""The run page's files and snapshot."""

from __future__ import annotations

from runs.pages.files.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
