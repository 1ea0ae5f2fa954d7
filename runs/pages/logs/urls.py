"""The addresses of the fragments of a log."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.logs.log_fragments import log_hits, log_lines, log_outline
from runs.pages.requests import RUN_URL

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}logs/lines/", log_lines, name="run-log-lines"),
    path(f"{RUN_URL}logs/search/", log_hits, name="run-log-hits"),
    path(f"{RUN_URL}logs/outline/", log_outline, name="run-log-outline"),
]
