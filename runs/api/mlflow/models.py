"""MLflow: create, get, finalize, delete and tag logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runs.access import Permission, StudioRequest
from runs.actions import ingest
from runs.actions.run import generate_run_name
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.enums import MODEL_STATUSES, enum_name
from runs.api.mlflow.errors import invalid_parameter, missing_parameter
from runs.api.mlflow.lookups import (
    find_active_experiment,
    find_model,
    find_run_by_id,
    require_value,
)
from runs.api.mlflow.replies import (
    artifact_location,
    key_value_list,
    to_wire_float,
    without_empty_lists,
)
from runs.api.mlflow.tags import KeyValue
from runs.models import LoggedModel, now_ms
from studio.core.names import (
    MAX_KEY,
    check_count,
    check_key,
    check_text,
    check_value,
)

Json = dict[str, Any]


class CreateModel(msgspec.Struct):
    experiment_id: str = ""
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class GetModel(msgspec.Struct):
    allow_deleted: str = ""


class FinalizeModel(msgspec.Struct):
    status: str | int = ""


class SetTags(msgspec.Struct):
    tags: list[KeyValue] = []


class LogParams(msgspec.Struct):
    params: list[KeyValue] = []


def model_json(model: LoggedModel) -> Json:
    return models_json([model])[0]


def models_json(models: Sequence[LoggedModel]) -> list[Json]:
    """Convert models; the caller can prefetch tags, params and metrics."""
    return [
        {"info": model_info_json(one), "data": model_data_json(one)} for one in models
    ]


def model_uri(model: LoggedModel) -> str:
    return f"{artifact_location(model.experiment)}/models/{model.model_id}/artifacts"


def model_info_json(model: LoggedModel) -> Json:
    return {
        "model_id": model.model_id,
        "experiment_id": str(model.experiment.number),
        "name": model.name,
        "creation_timestamp_ms": model.created,
        "last_updated_timestamp_ms": model.updated,
        "artifact_uri": model_uri(model),
        "status": model.status,
        "model_type": model.model_type,
        "source_run_id": model.source_id,
        "tags": key_value_list({tag.key: tag.value for tag in model.tags.all()}),
    }


def model_data_json(model: LoggedModel) -> Json:
    metrics = []
    for row in model.metrics.all():
        metric: Json = {
            "key": row.key,
            "value": "NaN" if row.is_nan else to_wire_float(row.value or 0.0),
            "timestamp": row.time,
            "step": row.step,
            "model_id": model.model_id,
            "run_id": row.run.run_id,
        }
        if row.dataset_name:
            metric["dataset_name"] = row.dataset_name
            metric["dataset_digest"] = row.dataset_digest
        metrics.append(metric)
    params = {param.key: param.value for param in model.params.all()}
    return without_empty_lists(params=key_value_list(params), metrics=metrics)


def read_model_params_or_tags(pairs: Sequence[KeyValue], field: str) -> dict[str, str]:
    """Check keys and values; models allow more characters in keys than runs."""
    check_count(len(pairs), field)
    return {
        check_key(pair.key, f"{field}[{index}].key"): check_value(
            pair.value, f"{field}[{index}].value"
        )
        for index, pair in enumerate(pairs)
    }


@endpoint(Permission.LOG, CreateModel, scoped_tokens=True)
def create(request: StudioRequest, body: CreateModel) -> Json:
    require_value(body.experiment_id, "experiment_id")
    model = ingest.create_logged_model(
        find_active_experiment(request, body.experiment_id),
        # MLflow also generates a name if the client sends none.
        body.name or generate_run_name(),
        actor=request.actor,
        now=now_ms(),
        model_type=body.model_type,
        source_run_id=source_run_id_for(request, body.source_run_id),
        params=read_model_params_or_tags(body.params, "params"),
        tags=read_model_params_or_tags(body.tags, "tags"),
    )
    return {"model": model_json(model)}


def source_run_id_for(request: StudioRequest, run_id: str) -> str:
    """Return the id of a new model's run, which can be unknown.

    With the token of a run it is a run of its tree, by default its own.
    """
    check_text(run_id, "source_run_id", limit=256)
    if not request.is_limited_to_tree:
        return run_id
    own = request.token.run if request.token is not None else None
    found = find_run_by_id(request, run_id or (own.run_id if own else ""))
    return found.run_id


@endpoint(Permission.READ, GetModel)
def get(request: StudioRequest, body: GetModel, model_id: str) -> Json:
    allow = body.allow_deleted.lower() == "true"
    return {"model": model_json(find_model(request, model_id, allow_deleted=allow))}


@endpoint(Permission.LOG, FinalizeModel, scoped_tokens=True)
def finalize(request: StudioRequest, body: FinalizeModel, model_id: str) -> Json:
    model = find_model(request, model_id)
    if body.status == "":
        raise missing_parameter("status")
    status = enum_name(body.status, MODEL_STATUSES, "status")
    # A model is pending from its creation on, so finalizing can only end that.
    if status == ingest.MODEL_PENDING:
        raise invalid_parameter(
            "status", status, f"Valid values are {list(MODEL_STATUSES[1:])}."
        )
    ingest.set_model_status(model, status, now=now_ms())
    return {"model": model_json(model)}


@endpoint(Permission.TRASH)
def delete(request: StudioRequest, model_id: str) -> Json:
    ingest.trash_logged_model(find_model(request, model_id), now=now_ms())
    return {}


@endpoint(Permission.LOG, SetTags, scoped_tokens=True)
def set_tags(request: StudioRequest, body: SetTags, model_id: str) -> Json:
    model = find_model(request, model_id)
    ingest.set_model_tags(
        model, read_model_params_or_tags(body.tags, "tags"), now=now_ms()
    )
    return {}


@endpoint(Permission.LOG, scoped_tokens=True)
def delete_tag(request: StudioRequest, model_id: str, key: str) -> Json:
    model = find_model(request, model_id)
    ingest.remove_model_tag(
        model, check_text(key, "tag_key", limit=MAX_KEY), now=now_ms()
    )
    return {}


@endpoint(Permission.LOG, LogParams, scoped_tokens=True)
def log_params(request: StudioRequest, body: LogParams, model_id: str) -> Json:
    model = find_model(request, model_id)
    ingest.add_model_params(
        model, read_model_params_or_tags(body.params, "params"), now=now_ms()
    )
    return {}
