"""MLflow's model registry: registered models, versions, aliases, stages."""

from __future__ import annotations

from runs.api.mlflow.registry.urls import model_version_routes, registered_model_routes

__all__ = ["model_version_routes", "registered_model_routes"]
