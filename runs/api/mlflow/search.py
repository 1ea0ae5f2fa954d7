"""MLflow: search runs, experiments and logged models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from django.db.models import (
    Case,
    CharField,
    F,
    OrderBy,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Cast

from runs.access import Permission, StudioRequest
from runs.api.mlflow.decoding import WireNumber, read_int
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.enums import ACTIVE_ONLY, ALL, DELETED_ONLY, VIEW_TYPES, enum_name
from runs.api.mlflow.errors import invalid_parameter
from runs.api.mlflow.lookups import parse_experiment_ids
from runs.api.mlflow.models import models_json
from runs.api.mlflow.page_tokens import read_offset, write_page_token
from runs.api.mlflow.replies import (
    NAME_TAG,
    NOTE_TAG,
    PARENT_TAG,
    experiments_json,
    runs_json,
)
from runs.models import (
    Experiment,
    ExperimentTag,
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    now_ms,
)
from runs.search.mlflow import KeyedTable, MlflowRunSearch, SearchFieldMapping
from runs.search.sql import time_limit
from studio.core import names
from studio.core.batches import batches
from studio.core.filters import mlflow, tree
from studio.core.filters.tree import And, Comparison, Field, Node, Or
from studio.core.names import check_count

MAX_RUNS = MAX_EXPERIMENTS = 50_000
MAX_MODELS = 1000

#: Pages can change these fields after the tag was stored, so searching reads the
#: fields.
FIELDS_BY_MIRROR_TAG = {
    Field(tree.TAGS, NAME_TAG): tree.attribute("name"),
    Field(tree.TAGS, NOTE_TAG): tree.attribute("description"),
    Field(tree.TAGS, PARENT_TAG): tree.attribute("parent"),
}
EXPERIMENT_SEARCH_FIELDS = SearchFieldMapping(
    columns={
        "name": "name",
        "id": "id_text",
        "created": "created",
        "updated": "updated",
    },
    keyed={tree.TAGS: KeyedTable(ExperimentTag, "experiment")},
)
MODEL_SEARCH_FIELDS = SearchFieldMapping(
    columns={
        "name": "name",
        "id": "model_id",
        "source_run_id": "source_id",
        "status": "status_word",
        "model_type": "model_type",
        "created": "created",
        "updated": "updated",
    },
    keyed={
        tree.TAGS: KeyedTable(LoggedModelTag, "model"),
        tree.PARAMS: KeyedTable(LoggedModelParam, "model"),
        tree.METRICS: KeyedTable(LoggedModelMetric, "model"),
    },
)


class SearchRuns(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = ACTIVE_ONLY
    max_results: WireNumber = 1000
    order_by: list[str] = []
    page_token: str = ""


class SearchExperiments(msgspec.Struct):
    max_results: WireNumber = 0
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: str | int = ACTIVE_ONLY


class ListExperiments(msgspec.Struct):
    max_results: WireNumber = MAX_EXPERIMENTS
    page_token: str = ""
    view_type: str | int = ACTIVE_ONLY


class ModelOrder(msgspec.Struct):
    field_name: str
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


class ModelDataset(msgspec.Struct):
    dataset_name: str
    dataset_digest: str = ""


class SearchModels(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str = ""
    max_results: WireNumber = 100
    order_by: list[ModelOrder] = []
    page_token: str = ""
    datasets: list[ModelDataset] = []


@endpoint(Permission.READ, SearchRuns)
def search_runs(request: StudioRequest, body: SearchRuns) -> dict[str, Any]:
    return find_runs(request, body)


def find_runs(request: StudioRequest, body: SearchRuns) -> dict[str, Any]:
    workspace, viewer = workspace_of(request), request.actor.user
    assert viewer is not None
    limit = check_page_size(body.max_results, MAX_RUNS)
    node = mlflow.parse_run_filter(body.filter)
    check_order_by_count(body.order_by)
    sorts = [
        replace(sort, field=FIELDS_BY_MIRROR_TAG.get(sort.field, sort.field))
        for sort in mlflow.parse_order_by(body.order_by, mlflow.RUNS)
    ]
    view_type = enum_name(body.run_view_type, VIEW_TYPES, "run_view_type")
    search = MlflowRunSearch(
        node and replace_mirror_tags(node),
        viewer,
        workspace,
        parse_experiment_ids(body.experiment_ids),
        {ACTIVE_ONLY: False, DELETED_ONLY: True, ALL: None}[view_type],
        sorts,
        now_ms(),
    )
    offset = read_offset(body.page_token)
    with time_limit():
        # One row more than the page tells whether there is a next page.
        rows = search.rows(offset, offset + limit + 1)
    found, token = rows[:limit], next_token(rows, offset, limit)
    return list_reply("runs", list(runs_json(found)), token)


def check_order_by_count(keys: Sequence[object]) -> None:
    check_count(len(keys), "order_by", names.MLFLOW_SEARCH_ORDERS)


def replace_mirror_tags(node: Node) -> Node:
    """Replace tags that mirror a field by that field."""
    if isinstance(node, (And, Or)):
        return type(node)(tuple(replace_mirror_tags(child) for child in node.nodes))
    if isinstance(node, Comparison) and node.field in FIELDS_BY_MIRROR_TAG:
        return replace(node, field=FIELDS_BY_MIRROR_TAG[node.field])
    return node


@endpoint(Permission.READ, SearchExperiments)
def search_experiments(
    request: StudioRequest, body: SearchExperiments
) -> dict[str, Any]:
    return find_experiments(request, body)


@endpoint(Permission.READ, ListExperiments)
def list_experiments(request: StudioRequest, body: ListExperiments) -> dict[str, Any]:
    """List experiments, by default all, for clients of MLflow 1."""
    return find_experiments(
        request,
        SearchExperiments(body.max_results, body.page_token, view_type=body.view_type),
    )


def find_experiments(request: StudioRequest, body: SearchExperiments) -> dict[str, Any]:
    limit = check_page_size(body.max_results, MAX_EXPERIMENTS)
    node = mlflow.parse_experiment_search(body.filter)
    check_order_by_count(body.order_by)
    sorts = mlflow.parse_order_by(body.order_by, mlflow.EXPERIMENTS)
    view_type = enum_name(body.view_type, VIEW_TYPES, "view_type")
    stages = {
        ACTIVE_ONLY: Q(deleted__isnull=True),
        DELETED_ONLY: Q(deleted__isnull=False),
        ALL: Q(),
    }
    # Creation times can be equal; the number makes the order, and so the pages,
    # definite.
    by_number = OrderBy(F("number"), descending=True)
    default = () if sorts else (OrderBy(F("created"), descending=True),)
    found, token = read_page(
        Experiment.objects.filter(stages[view_type], workspace=workspace_of(request))
        # In the protocol an id is a text, and filters compare it as text.
        .annotate(id_text=Cast("number", CharField()))
        .filter(EXPERIMENT_SEARCH_FIELDS.condition(node))
        .order_by(*EXPERIMENT_SEARCH_FIELDS.order(sorts), *default, by_number),
        limit,
        body.page_token,
    )
    # A page can have 50,000 experiments, and the number of values in a query is
    # limited.
    for some in batches(found):
        prefetch_related_objects(some, "tags")
    return list_reply("experiments", experiments_json(found), token)


@endpoint(Permission.READ, SearchModels)
def search_models(request: StudioRequest, body: SearchModels) -> dict[str, Any]:
    limit = check_page_size(body.max_results, MAX_MODELS)
    node = mlflow.parse_model_filter(body.filter)
    check_order_by_count(body.order_by)
    check_count(len(body.datasets), "datasets", names.MLFLOW_SEARCH_ORDERS)
    sorts = mlflow.parse_order_by(
        [f"{one.field_name} {order_direction(one)}" for one in body.order_by],
        mlflow.MODELS,
    )
    models = LoggedModel.objects.filter(
        workspace=workspace_of(request),
        experiment__number__in=parse_experiment_ids(body.experiment_ids),
        deleted__isnull=True,
    ).annotate(status_word=model_status_expression())
    for dataset in body.datasets:
        models = models.filter(dataset_condition(dataset))
    newest = (OrderBy(F("created"), descending=True), OrderBy(F("model_id")))
    found, token = read_page(
        models.filter(MODEL_SEARCH_FIELDS.condition(node))
        .order_by(*MODEL_SEARCH_FIELDS.order(sorts), *newest)
        .select_related("experiment")
        .prefetch_related("tags", "params", "metrics__run"),
        limit,
        body.page_token,
    )
    return list_reply("models", models_json(found), token)


def order_direction(order: ModelOrder) -> str:
    return "ASC" if order.ascending else "DESC"


def model_status_expression() -> Case:
    """Return the status in the words of MLflow's Python package, in SQL."""
    words = {"PENDING": "PENDING", "READY": "READY", "UPLOAD_FAILED": "FAILED"}
    whens = [
        When(status=f"LOGGED_MODEL_{name}", then=Value(word))
        for name, word in words.items()
    ]
    return Case(*whens, output_field=CharField())


def dataset_condition(dataset: ModelDataset) -> Q:
    """Return the condition for models with a metric on this dataset."""
    condition = Q(metrics__dataset_name=dataset.dataset_name)
    if dataset.dataset_digest:
        condition &= Q(metrics__dataset_digest=dataset.dataset_digest)
    # A join would repeat a model for each of its matching metrics.
    return Q(pk__in=LoggedModel.objects.filter(condition).values("pk"))


def check_page_size(value: WireNumber, maximum: int) -> int:
    size = read_int(value, "max_results")
    if not 1 <= size <= maximum:
        raise invalid_parameter(
            "max_results", size, f"It must be at least 1 and at most {maximum}."
        )
    return size


def read_page(
    found: QuerySet[Any], limit: int, token: str
) -> tuple[Sequence[Any], str]:
    """Return one page, and the token of the next one or an empty text."""
    offset = read_offset(token)
    with time_limit():
        rows = list(found[offset : offset + limit + 1])
    return rows[:limit], next_token(rows, offset, limit)


def next_token(rows: Sequence[Any], offset: int, limit: int) -> str:
    return write_page_token(offset + limit) if len(rows) > limit else ""


def list_reply(name: str, found: Sequence[Any], token: str) -> dict[str, Any]:
    """Return the reply without empty lists and tokens."""
    shown: dict[str, Any] = {name: found} if found else {}
    return {**shown, "next_page_token": token} if token else shown
