"""The page *Compute*: targets, agents, queues, what runs where, and secrets."""

from __future__ import annotations

from runs.pages.compute.changes import change_text
from runs.pages.compute.urls import urlpatterns

__all__ = ["change_text", "urlpatterns"]
