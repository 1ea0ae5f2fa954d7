"""The addresses of a run's files."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.files.deletion import delete_run_file
from runs.pages.files.downloads import download_files, raw_file, raw_model_file
from runs.pages.files.files import files_tab
from runs.pages.files.tree import tree_level
from runs.pages.requests import RUN_URL

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}files/", files_tab, name="run-files"),
    path(f"{RUN_URL}files/tree/", tree_level, name="run-file-tree"),
    path(f"{RUN_URL}files/all.zip", download_files, name="run-archive"),
    path(f"{RUN_URL}files/delete/", delete_run_file, name="run-file-delete"),
    path(f"{RUN_URL}files/raw/<path:path>", raw_file, name="run-file"),
    path(
        f"{RUN_URL}models/<str:model_id>/<path:path>",
        raw_model_file,
        name="run-model-file",
    ),
]
