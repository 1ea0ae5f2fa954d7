"""The addresses of Models and of registered models."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.registry.model_list import models_page
from runs.pages.requests import WORKSPACE_URL

MODELS_URL = f"{WORKSPACE_URL}models/"

urlpatterns: list[URLPattern] = [
    path(MODELS_URL, models_page, name="models"),
]
