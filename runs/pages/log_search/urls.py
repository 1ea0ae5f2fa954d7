"""The addresses of log search."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.log_search.log_search import log_search_page, switch_index
from runs.pages.requests import WORKSPACE_URL

LOGS_URL = f"{WORKSPACE_URL}logs/"

urlpatterns: list[URLPattern] = [
    path(LOGS_URL, log_search_page, name="log-search"),
    path(f"{LOGS_URL}index/", switch_index, name="log-index-switch"),
]
