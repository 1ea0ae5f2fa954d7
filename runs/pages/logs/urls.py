"""The addresses of the fragments of a log."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.logs.log_fragments import log_lines
from runs.pages.requests import RUN_URL

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}logs/lines/", log_lines, name="run-log-lines"),
]
