"""The addresses of undo."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import RUN_URL, WORKSPACE_URL
from runs.pages.undo.undo import (
    undo_change,
    undo_change_of_run,
    undo_latest,
    undo_latest_of_run,
)

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}undo/", undo_latest, name="undo"),
    path(f"{WORKSPACE_URL}undo/<int:number>/", undo_change, name="undo-change"),
    path(f"{RUN_URL}undo/", undo_latest_of_run, name="run-undo"),
    path(f"{RUN_URL}undo/<int:number>/", undo_change_of_run, name="run-undo-change"),
]
