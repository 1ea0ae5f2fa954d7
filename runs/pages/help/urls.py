"""The addresses of the help pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.help.help_pages import help_index, help_page, help_picture

urlpatterns: list[URLPattern] = [
    path("help/", help_index, name="help"),
    path("help/<slug:slug>/", help_page, name="help-page"),
    path("help/pictures/<str:name>", help_picture, name="help-picture"),
]
