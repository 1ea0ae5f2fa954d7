"""The model registry: all models, and one model with its versions."""

from __future__ import annotations

from runs.pages.registry.model_changes import describe_model_change
from runs.pages.registry.urls import urlpatterns

__all__ = ["describe_model_change", "urlpatterns"]
