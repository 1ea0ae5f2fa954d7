"""Retention rules on the page *Storage*: a dry run, and the rules of the workspace."""

from __future__ import annotations

from runs.pages.retention.retention_card import retention_context
from runs.pages.retention.urls import urlpatterns

__all__ = ["retention_context", "urlpatterns"]
