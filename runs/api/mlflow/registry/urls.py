"""The registry's routes, below `registered-models` and `model-versions`."""

from __future__ import annotations

from django.urls import path

from runs.access import view_by_method
from runs.api.mlflow.registry import models, search, versions

registered_model_routes = [
    path("create", view_by_method(POST=models.create)),
    path("get", view_by_method(GET=models.get)),
    path("search", view_by_method(GET=search.search_models)),
    # Of MLflow 1.x.
    path("list", view_by_method(GET=search.search_models)),
    path("rename", view_by_method(POST=models.rename)),
    path("update", view_by_method(PATCH=models.update)),
    path("delete", view_by_method(DELETE=models.delete)),
    path(
        "get-latest-versions",
        view_by_method(GET=models.get_latest_versions, POST=models.get_latest_versions),
    ),
    path("set-tag", view_by_method(POST=models.set_tag)),
    path("delete-tag", view_by_method(DELETE=models.delete_tag)),
    path(
        "alias",
        view_by_method(
            GET=models.get_alias, POST=models.set_alias, DELETE=models.delete_alias
        ),
    ),
]
model_version_routes = [
    path("create", view_by_method(POST=versions.create)),
    path("get", view_by_method(GET=versions.get)),
    path("search", view_by_method(GET=search.search_versions)),
    path("update", view_by_method(PATCH=versions.update)),
    path("delete", view_by_method(DELETE=versions.delete)),
    path("get-download-uri", view_by_method(GET=versions.get_download_uri)),
    path("transition-stage", view_by_method(POST=versions.transition_stage)),
    path("set-tag", view_by_method(POST=versions.set_tag)),
    path("delete-tag", view_by_method(DELETE=versions.delete_tag)),
]
