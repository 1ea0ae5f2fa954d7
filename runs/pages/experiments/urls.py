"""The addresses of experiments and their descriptions."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.experiments.description import (
    edit_description,
    restore_experiment_version,
    show_experiment_versions,
)
from runs.pages.experiments.experiment_head import show_experiment_head
from runs.pages.experiments.experiments import experiments_page
from runs.pages.experiments.history import show_experiment_history
from runs.pages.experiments.lifecycle import (
    archive_experiment,
    restore_experiment,
    trash_experiment,
)
from runs.pages.experiments.name_editor import (
    edit_experiment_name,
    edit_experiment_row_name,
)
from runs.pages.experiments.tags import (
    edit_experiment_row_tags,
    edit_experiment_tags,
    suggest_tags,
)
from runs.pages.requests import EXPERIMENT_URL, WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}experiments/", experiments_page, name="experiments"),
    path(f"{EXPERIMENT_URL}head/", show_experiment_head, name="experiment-head"),
    path(f"{EXPERIMENT_URL}name/", edit_experiment_name, name="experiment-name"),
    path(f"{EXPERIMENT_URL}tags/", edit_experiment_tags, name="experiment-tags"),
    path(f"{EXPERIMENT_URL}tags/known/", suggest_tags, name="experiment-tags-known"),
    path(
        f"{EXPERIMENT_URL}row/name/",
        edit_experiment_row_name,
        name="experiment-row-name",
    ),
    path(
        f"{EXPERIMENT_URL}row/tags/",
        edit_experiment_row_tags,
        name="experiment-row-tags",
    ),
    path(
        f"{EXPERIMENT_URL}archive/", archive_experiment, name="experiment-set-archived"
    ),
    path(f"{EXPERIMENT_URL}trash/", trash_experiment, name="experiment-trash"),
    path(f"{EXPERIMENT_URL}restore/", restore_experiment, name="experiment-restore"),
    path(
        f"{EXPERIMENT_URL}history/", show_experiment_history, name="experiment-history"
    ),
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
