"""The addresses of Models and of registered models."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.registry.model_list import models_page
from runs.pages.registry.model_urls import model_urlpatterns
from runs.pages.registry.new_model import new_model
from runs.pages.registry.stars import star_this_model
from runs.pages.requests import WORKSPACE_URL

MODELS_URL = f"{WORKSPACE_URL}models/"
MODEL_URL = f"{MODELS_URL}<str:name>/"

urlpatterns: list[URLPattern] = [
    path(MODELS_URL, models_page, name="models"),
    path(f"{WORKSPACE_URL}new-model/", new_model, name="model-new"),
    path(f"{MODEL_URL}star/", star_this_model, name="model-star"),
    *model_urlpatterns,
]
