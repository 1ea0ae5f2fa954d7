"""The addresses that people open."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from runs.pages import parts

urlpatterns: list[URLPattern | URLResolver] = [
    path("parts/", parts.parts, name="parts"),
]
