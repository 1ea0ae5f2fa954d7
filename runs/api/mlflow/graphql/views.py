"""The endpoint /graphql: it answers queries from the same functions as REST.

As on MLflow's server, errors are texts in `errors`, and the status is 200.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from django.db.models import prefetch_related_objects

from runs.access import Permission, StudioRequest
from runs.api.mlflow.artifacts import ListRunArtifacts, list_folder_of_run
from runs.api.mlflow.decoding import convert_body, parse_json
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.experiments import experiment_reply
from runs.api.mlflow.graphql.selections import Selected, select, snake_case
from runs.api.mlflow.inputs_and_outputs import SearchDatasets, find_dataset_summaries
from runs.api.mlflow.lookups import (
    ExperimentRequest,
    RunRequest,
    find_experiment,
    find_run,
    parse_experiment_id,
)
from runs.api.mlflow.metric_histories import GetBulkInterval, sampled_histories
from runs.api.mlflow.registry.replies import versions_json
from runs.api.mlflow.registry.search import SearchVersions, find_versions
from runs.api.mlflow.replies import experiments_json, run_json
from runs.api.mlflow.search import SearchRuns, find_runs
from runs.models import Experiment, ModelVersion, Workspace
from studio.core.batches import batches
from studio.core.errors import InvalidRequest, StudioError

Json = dict[str, Any]
Body = TypeVar("Body", bound=msgspec.Struct)


class GraphqlRequest(msgspec.Struct):
    query: str = ""
    variables: Json | str = msgspec.field(default_factory=dict)
    operationName: str = ""  # noqa: N815  the protocol's name


@endpoint(Permission.READ, GraphqlRequest)
def graphql(request: StudioRequest, body: GraphqlRequest) -> Json:
    try:
        fields = selected_fields(body)
    except StudioError as error:
        return {"data": None, "errors": [error.message]}
    data: Json = {}
    errors: list[str] = []
    for one in fields:
        try:
            data[one.key] = answer(request, one)
        except StudioError as error:
            if error.status >= 500:
                raise
            data[one.key] = None
            errors.append(error.message)
    return {"data": data, "errors": errors or None}


def selected_fields(body: GraphqlRequest) -> tuple[Selected, ...]:
    # Here, because most servers never get a query.
    from runs.api.mlflow.graphql.queries import read_query

    given = body.variables
    values = parse_json(given or "{}") if isinstance(given, str) else given
    if not isinstance(values, dict):
        raise InvalidRequest("Variables must be an object.")
    return read_query(body.query, body.operationName, values)


def answer(request: StudioRequest, one: Selected) -> Any:
    if one.name == "__typename":
        return one.type
    given = one.arguments.get("input") or {}
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"The input of '{one.name}' must be an object.")
    body = {snake_case(name): value for name, value in given.items()}
    return select(ANSWERS[one.name](request, body, one), one.fields)


def get_experiment(request: StudioRequest, body: Json, one: Selected) -> Json:
    del one
    asked = convert_body(body, ExperimentRequest)
    return experiment_reply(find_experiment(request, asked.experiment_id))


def get_run(request: StudioRequest, body: Json, one: Selected) -> Json:
    run = run_json(find_run(request, convert_body(body, RunRequest)))
    add_related(workspace_of(request), [run], one.fields)
    return {"run": run}


def search_runs(request: StudioRequest, body: Json, one: Selected) -> Json:
    found = find_runs(request, convert_body(body, SearchRuns))
    add_related(workspace_of(request), found.get("runs", []), one.fields)
    return found


def add_related(
    workspace: Workspace, runs: Sequence[Json], fields: Iterable[Selected]
) -> None:
    """Add the experiment and the model versions to each run, if they are selected.

    `fields` are those of the whole reply.
    """
    wanted = {run_field.name for one in fields for run_field in one.fields}
    if "experiment" in wanted:
        add_experiments(workspace, runs)
    if "modelVersions" in wanted:
        for some in batches(runs):
            add_model_versions(workspace, some)


def add_model_versions(workspace: Workspace, runs: Sequence[Json]) -> None:
    by_id: dict[str, Json] = {run["info"]["run_id"]: run for run in runs}
    found = (
        ModelVersion.objects.filter(
            model__workspace=workspace, run__run_id__in=list(by_id)
        )
        .select_related("model", "run", "logged_model", "created_by")
        .prefetch_related("tags", "aliases")
        .order_by("-updated", "-pk")
    )
    for version in versions_json(found):
        by_id[version["run_id"]].setdefault("model_versions", []).append(version)


def add_experiments(workspace: Workspace, runs: Sequence[Json]) -> None:
    numbers = {parse_experiment_id(run["info"]["experiment_id"]) for run in runs}
    found = list(Experiment.objects.filter(workspace=workspace, number__in=numbers))
    prefetch_related_objects(found, "tags")
    by_id = {one["experiment_id"]: one for one in experiments_json(found)}
    for run in runs:
        run["experiment"] = by_id[run["info"]["experiment_id"]]


def list_artifacts(request: StudioRequest, body: Json, one: Selected) -> Json:
    del one
    return list_folder_of_run(request, convert_body(body, ListRunArtifacts))


def get_histories(request: StudioRequest, body: Json, one: Selected) -> Json:
    del one
    found = sampled_histories(request, convert_body(body, GetBulkInterval))
    return {"metrics": [msgspec.structs.asdict(point) for point in found]}


def search_model_versions(request: StudioRequest, body: Json, one: Selected) -> Json:
    del one
    return find_versions(request, convert_body(body, SearchVersions))


def search_datasets(request: StudioRequest, body: Json, one: Selected) -> Json:
    del one
    return find_dataset_summaries(request, convert_body(body, SearchDatasets))


ANSWERS: Mapping[str, Callable[[StudioRequest, Json, Selected], Json]] = {
    "mlflowGetExperiment": get_experiment,
    "mlflowGetRun": get_run,
    "mlflowSearchRuns": search_runs,
    "mlflowListArtifacts": list_artifacts,
    "mlflowGetMetricHistoryBulkInterval": get_histories,
    "mlflowSearchDatasets": search_datasets,
    "mlflowSearchModelVersions": search_model_versions,
}
