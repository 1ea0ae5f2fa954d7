"""Datasets: the list, and one dataset."""

from __future__ import annotations

from runs.pages.datasets.urls import (
    urlpatterns,
)

__all__ = [
    "urlpatterns",
]
