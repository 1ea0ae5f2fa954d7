"""The addresses of experiments and their descriptions."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.experiments.description import (
    edit_description,
    restore_experiment_version,
    show_experiment_versions,
)
from runs.pages.experiments.experiments import experiments_page
from runs.pages.requests import EXPERIMENT_URL, WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}experiments/", experiments_page, name="experiments"),
    path(
        f"{EXPERIMENT_URL}description/", edit_description, name="experiment-description"
    ),
    path(
        f"{EXPERIMENT_URL}description/versions/",
        show_experiment_versions,
        name="experiment-description-versions",
    ),
    path(
        f"{EXPERIMENT_URL}description/versions/restore/",
        restore_experiment_version,
        name="experiment-description-restore",
    ),
]
