"""The dialogs that change the selected runs of a list."""

from __future__ import annotations

from runs.pages.bulk.urls import urlpatterns

__all__ = ["urlpatterns"]
