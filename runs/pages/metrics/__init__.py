"""The run page's metrics: choice, panels, points and exports."""

from __future__ import annotations

from runs.pages.metrics.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
