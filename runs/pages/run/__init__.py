"""The run page: details, child runs, history, and its editors."""

from __future__ import annotations

from runs.pages.run.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
