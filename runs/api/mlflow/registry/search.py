"""MLflow: search registered models and versions, in pages that start after a row."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from django.db.models import QuerySet, prefetch_related_objects

from runs.access import Permission, StudioRequest
from runs.api.mlflow.decoding import WireNumber
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.errors import invalid_parameter
from runs.api.mlflow.page_tokens import read_row_token, write_page_token
from runs.api.mlflow.registry.prompts import without_prompts
from runs.api.mlflow.registry.replies import registered_models_json, versions_json
from runs.api.mlflow.replies import Json
from runs.api.mlflow.search import check_order_by_count, check_page_size, list_reply
from runs.models import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)
from runs.search.mlflow import KeyedTable, RowOrder, SearchFieldMapping
from runs.search.sql import time_limit
from studio.core.batches import batches
from studio.core.filters import mlflow, tree
from studio.core.filters.fields import Sort
from studio.core.filters.tree import Node

MAX_MODELS = 1000
MAX_VERSIONS = 200_000

MODEL_FIELDS = SearchFieldMapping(
    columns={"name": "name", "created": "created", "updated": "updated"},
    keyed={tree.TAGS: KeyedTable(RegisteredModelTag, "model")},
)
VERSION_FIELDS = SearchFieldMapping(
    columns={
        "name": "model__name",
        "number": "number",
        "run_id": "run__run_id",
        "source": "source",
        "created": "created",
        "updated": "updated",
    },
    keyed={tree.TAGS: KeyedTable(ModelVersionTag, "version")},
)
BY_NAME = Sort(tree.attribute("name"))
BY_NUMBER = Sort(tree.attribute("number"), descending=True)
NEWEST_FIRST = Sort(tree.attribute("updated"), descending=True)
_SORTABLE = {tree.attribute(key) for key in ("name", "number", "created", "updated")}
Row = TypeVar("Row", RegisteredModel, ModelVersion)
_SOURCES = ("model", "run", "logged_model", "created_by")


class SearchRegistry(msgspec.Struct):
    filter: str = ""
    max_results: WireNumber = 100
    order_by: list[str] = []
    page_token: str = ""


class SearchVersions(SearchRegistry):
    max_results: WireNumber = 10_000


@endpoint(Permission.READ, SearchRegistry)
def search_models(request: StudioRequest, body: SearchRegistry) -> Json:
    limit = check_page_size(body.max_results, MAX_MODELS)
    node = mlflow.parse_registered_model_filter(body.filter)
    sorts = read_sorts(body, mlflow.REGISTERED_MODELS, (), (BY_NAME,))
    rows = RegisteredModel.objects.filter(workspace=workspace_of(request))
    rows = filtered(rows, node, MODEL_FIELDS).select_related("created_by")
    order = RowOrder.of(sorts, MODEL_FIELDS)
    found, token = read_page_after(rows, order, limit, body.page_token)
    prefetch_related_objects(found, "tags", "aliases__version")
    return list_reply("registered_models", registered_models_json(found), token)


@endpoint(Permission.READ, SearchVersions)
def search_versions(request: StudioRequest, body: SearchVersions) -> Json:
    return find_versions(request, body)


def find_versions(request: StudioRequest, body: SearchVersions) -> Json:
    limit = check_page_size(body.max_results, MAX_VERSIONS)
    node = mlflow.parse_model_version_filter(body.filter)
    sorts = read_sorts(
        body, mlflow.MODEL_VERSIONS, (NEWEST_FIRST,), (BY_NAME, BY_NUMBER)
    )
    rows = ModelVersion.objects.filter(model__workspace=workspace_of(request))
    rows = filtered(rows, node, VERSION_FIELDS).select_related(*_SOURCES)
    order = RowOrder.of(sorts, VERSION_FIELDS)
    found, token = read_page_after(rows, order, limit, body.page_token)
    # A page can have 200,000 versions, and the number of values in a query is limited.
    for some in batches(found):
        prefetch_related_objects(some, "tags", "aliases")
    return list_reply("model_versions", versions_json(found), token)


def read_sorts(
    body: SearchRegistry,
    searchable: mlflow.SearchableFields,
    default: tuple[Sort, ...],
    last: tuple[Sort, ...],
) -> list[Sort]:
    """Return what to sort by; `last` makes the order definite."""
    check_order_by_count(body.order_by)
    sorts = [*(mlflow.parse_order_by(body.order_by, searchable) or default)]
    fields = {sort.field for sort in sorts}
    if any(field not in _SORTABLE for field in fields):
        valid = sorted(
            name
            for name, (field, _kind) in searchable.attributes.items()
            if field in _SORTABLE
        )
        raise invalid_parameter("order_by", body.order_by, f"Valid keys are {valid}.")
    return [*sorts, *(sort for sort in last if sort.field not in fields)]


def read_page_after(
    rows: QuerySet[Row], order: RowOrder, limit: int, token: str
) -> tuple[list[Row], str]:
    """Return the page after the token's row, and the token of the next page."""
    if token:
        rows = rows.filter(order.after(read_row_token(token, order.types)))
    with time_limit():
        found = list(rows.order_by(*order.clauses)[: limit + 1])
    if len(found) <= limit:
        return found, ""
    return found[:limit], write_page_token(order.values(found[limit - 1]))


def filtered(
    rows: QuerySet[Row], node: Node | None, fields: SearchFieldMapping
) -> QuerySet[Row]:
    wanted = without_prompts(node)
    if isinstance(wanted, bool):
        return rows if wanted else rows.none()
    return rows.filter(fields.condition(wanted))
