"""The addresses of the tab *Media*."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.media.media import media_tab, redirect_images_tab
from runs.pages.requests import RUN_URL

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}media/", media_tab, name="run-media"),
    path(f"{RUN_URL}images/", redirect_images_tab, name="run-images"),
]
