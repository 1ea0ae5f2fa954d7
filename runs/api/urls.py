"""The URLs that programs call: the REST API and the MLflow protocol."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("runs.api.v1.urls")),
    path("", include("runs.api.mlflow.urls")),
]
