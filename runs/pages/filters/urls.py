"""The addresses of the search box and the facets panel."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.filters.completion import complete_filter
from runs.pages.filters.facets import facets_panel, filter_by_facet_range
from runs.pages.filters.term_editor import edit_filter
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}list/complete/", complete_filter, name="list-complete"),
    path(f"{WORKSPACE_URL}list/filter/", edit_filter, name="list-filter"),
    path(f"{WORKSPACE_URL}list/facets/", facets_panel, name="list-facets"),
    path(
        f"{WORKSPACE_URL}list/facets/range/",
        filter_by_facet_range,
        name="list-facets-range",
    ),
]
