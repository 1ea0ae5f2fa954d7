"""All experiments, and the head of an experiment's list with its editors."""

from __future__ import annotations

from runs.pages.experiments.experiment_head import (
    experiment_head_context,
)
from runs.pages.experiments.urls import (
    urlpatterns,
)

__all__ = [
    "experiment_head_context",
    "urlpatterns",
]
