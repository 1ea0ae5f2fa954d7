"""The addresses of *New run* and *Resubmit*."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import RUN_URL, WORKSPACE_URL
from runs.pages.submit.submit import new_run, resubmit_run
from runs.pages.submit.uploads import upload_sources

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}new-run/", new_run, name="run-new"),
    path(f"{WORKSPACE_URL}new-run/sources/", upload_sources, name="run-new-sources"),
    path(f"{RUN_URL}resubmit/", resubmit_run, name="run-resubmit"),
]
