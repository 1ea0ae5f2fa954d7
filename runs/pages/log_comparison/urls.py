"""The addresses of the comparison of logs."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.log_comparison.page import log_comparison, log_rows
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}compare/logs/", log_comparison, name="log-comparison"),
    path(f"{WORKSPACE_URL}compare/logs/rows/", log_rows, name="log-comparison-rows"),
]
