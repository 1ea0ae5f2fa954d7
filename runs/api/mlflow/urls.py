"""The protocol's URLs: below a workspace, and without one for the token's workspace."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from runs.access import view_by_method
from runs.api.mlflow import (
    artifacts,
    experiments,
    inputs_and_outputs,
    metric_histories,
    metrics,
    models,
    multipart,
    refusals,
    run_logging,
    runs,
    search,
    server_info,
)
from runs.api.mlflow.graphql import views
from runs.api.mlflow.registry import (
    model_version_routes,
    registered_model_routes,
    versions,
)

experiment_routes = [
    path("get", view_by_method(GET=experiments.get)),
    path("get-by-name", view_by_method(GET=experiments.get_by_name)),
    path("create", view_by_method(POST=experiments.create)),
    path(
        "search",
        view_by_method(GET=search.search_experiments, POST=search.search_experiments),
    ),
    path("list", view_by_method(GET=search.list_experiments)),
    path(
        "search-datasets",
        view_by_method(POST=inputs_and_outputs.search_datasets),
    ),
    path("update", view_by_method(POST=experiments.update)),
    path("delete", view_by_method(POST=experiments.delete)),
    path("restore", view_by_method(POST=experiments.restore)),
    path("set-experiment-tag", view_by_method(POST=experiments.set_tag)),
    path("delete-experiment-tag", view_by_method(POST=experiments.delete_tag)),
]
run_routes = [
    path("log-metric", view_by_method(POST=run_logging.log_metric)),
    path("log-batch", view_by_method(POST=run_logging.log_batch)),
    path("create", view_by_method(POST=runs.create)),
    path("get", view_by_method(GET=runs.get)),
    path("update", view_by_method(POST=runs.update)),
    path("delete", view_by_method(POST=runs.delete)),
    path("restore", view_by_method(POST=runs.restore)),
    path("search", view_by_method(GET=search.search_runs, POST=search.search_runs)),
    path("log-parameter", view_by_method(POST=run_logging.log_param)),
    path("set-tag", view_by_method(POST=run_logging.set_tag)),
    path("delete-tag", view_by_method(POST=run_logging.delete_tag)),
    path("log-model", view_by_method(POST=run_logging.log_model)),
    path("log-inputs", view_by_method(POST=inputs_and_outputs.log_inputs)),
    path("outputs", view_by_method(POST=inputs_and_outputs.log_outputs)),
]
model_routes = [
    path("", view_by_method(POST=models.create)),
    path("/search", view_by_method(POST=search.search_models)),
    path(
        "/<str:model_id>",
        view_by_method(GET=models.get, PATCH=models.finalize, DELETE=models.delete),
    ),
    path("/<str:model_id>/tags", view_by_method(PATCH=models.set_tags)),
    path("/<str:model_id>/tags/<path:key>", view_by_method(DELETE=models.delete_tag)),
    path("/<str:model_id>/params", view_by_method(POST=models.log_params)),
    path(
        "/<str:model_id>/artifacts/directories",
        view_by_method(GET=artifacts.list_model_files),
    ),
    path(
        "/<str:model_id>/artifacts/files",
        view_by_method(GET=artifacts.get_model_artifact),
    ),
]
metric_routes = [
    path("get-history", view_by_method(GET=metrics.get_history)),
    path("get-history-bulk", view_by_method(GET=metric_histories.get_bulk)),
    path(
        "get-history-bulk-interval",
        view_by_method(GET=metric_histories.get_bulk_interval),
    ),
]
artifact_routes = [
    path("artifacts", view_by_method(GET=artifacts.list_files)),
    path(
        "artifacts/<path:address>",
        view_by_method(
            GET=artifacts.download, PUT=artifacts.upload, DELETE=artifacts.remove
        ),
    ),
    path("mpu/create/<path:address>", view_by_method(POST=multipart.create)),
    path("mpu/complete/<path:address>", view_by_method(POST=multipart.complete)),
    path("mpu/abort/<path:address>", view_by_method(POST=multipart.abort)),
    path("mpu-parts/<str:signed>", multipart.part_view),
    path(
        "presigned/<path:address>",
        view_by_method(GET=multipart.presign_download),
    ),
    path(
        "presigned-files/<str:signed>",
        view_by_method(GET=multipart.download_signed),
    ),
]


def api_routes(base: str) -> list[URLPattern | URLResolver]:
    """Return the routes below `api`, or below `ajax-api`, which MLflow's pages use."""
    routes: list[URLPattern | URLResolver] = [
        # The most frequent ones first: URLs are tried in this order.
        path(f"{base}/2.0/mlflow/runs/", include(run_routes)),
        path(f"{base}/2.0/mlflow/experiments/", include(experiment_routes)),
        path(f"{base}/2.0/mlflow/logged-models", include(model_routes)),
        path(f"{base}/2.0/mlflow/registered-models/", include(registered_model_routes)),
        path(f"{base}/2.0/mlflow/model-versions/", include(model_version_routes)),
        path(f"{base}/2.0/mlflow/metrics/", include(metric_routes)),
        path(
            f"{base}/2.0/mlflow/artifacts/list",
            view_by_method(GET=artifacts.list_run_files),
        ),
        path(
            f"{base}/2.0/mlflow/upload-artifact",
            view_by_method(POST=artifacts.upload_artifact),
        ),
        path(f"{base}/2.0/mlflow-artifacts/", include(artifact_routes)),
        path(
            f"{base}/3.0/mlflow/server-info",
            view_by_method(GET=server_info.server_info),
        ),
        path(
            f"{base}/3.0/mlflow/traces/search",
            view_by_method(POST=refusals.search_traces),
        ),
    ]
    # The others come last: they refuse what is left.
    return [*routes, *refused_routes(base)]


def refused_routes(base: str) -> list[URLPattern]:
    return [
        path(f"{base}/{version}/<path:route>", refusals.refuse)
        for version in ("2.0", "3.0", "4.0", "5.0")
    ]


routes: list[URLPattern | URLResolver] = [
    *api_routes("api"),
    *api_routes("ajax-api"),
    path("get-artifact", view_by_method(GET=artifacts.get_artifact)),
    path("model-versions/get-artifact", view_by_method(GET=versions.get_artifact)),
    path("graphql", view_by_method(GET=views.graphql, POST=views.graphql)),
    path("version", view_by_method(GET=server_info.version)),
    path("v1/traces", refusals.refuse_traces),
    path("gateway/<path:route>", refusals.refuse_gateway),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("w/<str:workspace>/", include(routes)),
    path("", include(routes)),
    path("health", view_by_method(GET=server_info.health)),
]
