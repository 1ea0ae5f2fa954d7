"""The URLs below /api/v1/, from the route table."""

from __future__ import annotations

from django.urls import path

from runs.access import view_by_method
from runs.api.v1 import documentation
from runs.api.v1.endpoints import View
from runs.api.v1.openapi import operation_of
from runs.api.v1.routes import ROUTES


def view_for_methods(views: tuple[View, ...]) -> View:
    """Combine the views of a path into one that dispatches by method."""
    chosen: View = view_by_method(**{operation_of(view).method: view for view in views})
    return chosen


urlpatterns = [
    path("", documentation.index, name="api"),
    path(
        "openapi.json", view_for_methods((documentation.openapi,)), name="api-openapi"
    ),
    *(
        # Names are for `reverse`, which finds a path whatever the method.
        path(route, view_for_methods(views), name=f"api-{operation_of(views[0]).name}")
        for paths in ROUTES.values()
        for route, views in paths.items()
    ),
]
