"""The trash: what lies there, restored or deleted forever by choice."""

from __future__ import annotations

from runs.pages.trash.trash_table import trash_context
from runs.pages.trash.urls import urlpatterns

__all__ = ["trash_context", "urlpatterns"]
