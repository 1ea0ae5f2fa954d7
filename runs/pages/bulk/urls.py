"""The addresses of actions on selected runs and experiments."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.bulk.bulk import change_selected
from runs.pages.bulk.experiments import change_selected_experiments
from runs.pages.bulk.mark import mark_selected
from runs.pages.bulk.move import move_selected
from runs.pages.bulk.rename import rename_selected
from runs.pages.bulk.tags import tag_selected
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}list/bulk/mark/", mark_selected, name="list-mark"),
    path(f"{WORKSPACE_URL}list/bulk/move/", move_selected, name="list-move"),
    path(f"{WORKSPACE_URL}list/bulk/rename/", rename_selected, name="list-rename"),
    path(f"{WORKSPACE_URL}list/bulk/tag/", tag_selected, name="list-tag"),
    path(f"{WORKSPACE_URL}list/bulk/<str:action>/", change_selected, name="list-bulk"),
    path(
        f"{WORKSPACE_URL}list/bulk/experiments/<str:action>/",
        change_selected_experiments,
        name="experiments-bulk",
    ),
]
