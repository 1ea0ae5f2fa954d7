"""The addresses of the comparison."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.compare.add_run import suggest_runs
from runs.pages.compare.compare import compare_page
from runs.pages.compare.conclusion import edit_conclusion
from runs.pages.compare.media import compare_media
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}compare/", compare_page, name="compare"),
    path(
        f"{WORKSPACE_URL}compare/conclusion/",
        edit_conclusion,
        name="compare-conclusion",
    ),
    path(f"{WORKSPACE_URL}compare/media/", compare_media, name="compare-media"),
    path(f"{WORKSPACE_URL}compare/runs/", suggest_runs, name="compare-offer"),
]
