"""The addresses of descriptions, and of the editors in the rows of the run list."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.descriptions import completion as known_links
from runs.pages.experiments import description as experiment_description
from runs.pages.run import description as run_description
from runs.pages.run import row_editors as row_edit

notes: list[URLPattern] = [
    path(
        "w/<str:workspace>/experiments/<str:slug>/description/",
        experiment_description.edit_description,
        name="experiment-description",
    ),
    path(
        "w/<str:workspace>/experiments/<str:slug>/description/known/",
        known_links.complete_experiment_reference,
        name="experiment-description-known",
    ),
    path(
        "w/<str:workspace>/experiments/<str:slug>/description/versions/",
        experiment_description.show_experiment_versions,
        name="experiment-description-versions",
    ),
    path(
        "w/<str:workspace>/experiments/<str:slug>/description/versions/restore/",
        experiment_description.restore_experiment_version,
        name="experiment-description-restore",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/row/name/",
        row_edit.edit_row_name,
        name="row-name",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/row/tags/",
        row_edit.edit_row_tags,
        name="row-tags",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/description/",
        run_description.edit_description,
        name="run-description",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/description/pictures/",
        run_description.add_picture,
        name="run-description-pictures",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/description/known/",
        known_links.complete_run_reference,
        name="run-description-known",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/description/versions/",
        run_description.show_run_versions,
        name="run-description-versions",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/description/versions/restore/",
        run_description.restore_run_version,
        name="run-description-restore",
    ),
]
