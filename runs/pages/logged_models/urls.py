"""The addresses of logged models."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.logged_models.logged_model import (
    download_model_files,
    logged_model_files,
    logged_model_page,
    raw_logged_model_file,
)
from runs.pages.logged_models.model_list import logged_models_page
from runs.pages.requests import WORKSPACE_URL

MODELS_URL = f"{WORKSPACE_URL}logged-models/"
MODEL_URL = f"{MODELS_URL}<str:model_id>/"

urlpatterns: list[URLPattern] = [
    path(MODELS_URL, logged_models_page, name="logged-models"),
    path(MODEL_URL, logged_model_page, name="logged-model"),
    path(f"{MODEL_URL}files/", logged_model_files, name="logged-model-files"),
    path(
        f"{MODEL_URL}files/all.zip", download_model_files, name="logged-model-archive"
    ),
    path(
        f"{MODEL_URL}files/raw/<path:path>",
        raw_logged_model_file,
        name="logged-model-file",
    ),
]
