"""Addresses below /api/v1/, from the route table."""

from __future__ import annotations

from django.urls import path

from runs.access.rules import by_method
from runs.api.http import View
from runs.api.v1 import pages
from runs.api.v1.openapi import operation_of
from runs.api.v1.routes import ROUTES


def dispatch(views: tuple[View, ...]) -> View:
    """One view of several, chosen by the method."""
    chosen: View = by_method(**{operation_of(view).method: view for view in views})
    return chosen


urlpatterns = [
    path("", pages.index, name="api"),
    path("openapi.json", dispatch((pages.openapi,)), name="api-openapi"),
    *(
        path(route, dispatch(views), name=f"api-{operation_of(views[0]).name}")
        for paths in ROUTES.values()
        for route, views in paths.items()
    ),
]
