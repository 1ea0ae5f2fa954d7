"""The addresses of the page *Storage*."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import WORKSPACE_URL
from runs.pages.usage.storage_page import change_quota, refresh, storage_page

_STORAGE = f"{WORKSPACE_URL}storage/"

urlpatterns: list[URLPattern] = [
    path(_STORAGE, storage_page, name="storage"),
    path(f"{_STORAGE}refresh/", refresh, name="storage-refresh"),
    path(f"{_STORAGE}quota/", change_quota, name="storage-quota"),
]
