"""All experiments, and an experiment's description."""

from __future__ import annotations

from runs.pages.experiments.description import (
    description_context,
)
from runs.pages.experiments.urls import (
    urlpatterns,
)

__all__ = [
    "description_context",
    "urlpatterns",
]
