"""The addresses of a run's snapshot."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import RUN_URL
from runs.pages.snapshots.snapshot_files import download_snapshot, raw_snapshot_file
from runs.pages.snapshots.snapshot_tab import snapshot_tab

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}snapshot/", snapshot_tab, name="run-snapshot"),
    path(f"{RUN_URL}snapshot/all.zip", download_snapshot, name="run-snapshot-archive"),
    path(
        f"{RUN_URL}snapshot/raw/<path:path>",
        raw_snapshot_file,
        name="run-snapshot-file",
    ),
]
