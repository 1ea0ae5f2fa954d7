"""The dialogs that change the selected runs or experiments of a list."""

from __future__ import annotations

from runs.pages.bulk.bulk_actions import skip_texts, with_number
from runs.pages.bulk.urls import urlpatterns

__all__ = ["skip_texts", "urlpatterns", "with_number"]
