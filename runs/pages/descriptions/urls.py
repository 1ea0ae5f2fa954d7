"""The addresses of completion in descriptions."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.descriptions.completion import (
    complete_experiment_reference,
    complete_run_reference,
)
from runs.pages.requests import EXPERIMENT_URL, RUN_URL

urlpatterns: list[URLPattern] = [
    path(
        f"{EXPERIMENT_URL}description/known/",
        complete_experiment_reference,
        name="experiment-description-known",
    ),
    path(
        f"{RUN_URL}description/known/",
        complete_run_reference,
        name="run-description-known",
    ),
]
