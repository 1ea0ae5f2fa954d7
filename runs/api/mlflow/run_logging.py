"""MLflow: log metrics, parameters, tags and models of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction

from runs.access import Permission, StudioRequest
from runs.actions import ingest
from runs.actions import run as run_actions
from runs.api.mlflow.decoding import parse_json
from runs.api.mlflow.endpoints import endpoint
from runs.api.mlflow.errors import invalid_parameter
from runs.api.mlflow.lookups import RunRequest, find_run_to_log, require_value
from runs.api.mlflow.metrics import MetricBody, read_point, read_points
from runs.api.mlflow.tags import (
    KeyValue,
    apply_special_tags,
    atomic_for_special_tags,
    clear_special_tag,
    read_key_values,
)
from runs.models import Run, RunTag, now_ms
from studio.core import names
from studio.core.errors import Immutable, InvalidValue, NotFound
from studio.core.names import check_mlflow_key, check_value

MODEL_HISTORY_TAG = "mlflow.log-model.history"


def read_model_history_tag(text: str | None) -> list[object]:
    """Return the models that the tag lists; clients can set it to any text."""
    try:
        listed = json.loads(text or "[]")
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise InvalidValue(
            f"The tag {MODEL_HISTORY_TAG} is not a JSON list, so no model can be "
            "added to it. Remove the tag first.",
            field=MODEL_HISTORY_TAG,
        )
    return listed


class LogMetric(MetricBody):
    run_id: str = ""
    run_uuid: str = ""


class LogParam(RunRequest):
    key: str = ""
    value: str = ""


class SetTag(RunRequest):
    key: str = ""
    value: str = ""


class DeleteTag(RunRequest):
    key: str = ""


class LogBatch(RunRequest):
    metrics: list[MetricBody] = msgspec.field(default_factory=list)
    params: list[KeyValue] = msgspec.field(default_factory=list)
    tags: list[KeyValue] = msgspec.field(default_factory=list)


class LogModel(RunRequest):
    model_json: str = ""


@endpoint(Permission.LOG, LogMetric, scoped_tokens=True)
def log_metric(request: StudioRequest, body: LogMetric) -> dict[str, Any]:
    run = find_run_to_log(request, RunRequest(body.run_id, body.run_uuid))
    ingest.log_metrics_of_models(
        run, [read_point(body)], actor=request.actor, now=now_ms()
    )
    return {}


@endpoint(Permission.LOG, LogParam, scoped_tokens=True)
def log_param(request: StudioRequest, body: LogParam) -> dict[str, Any]:
    run = find_run_to_log(request, body)
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    value = check_value(body.value, "value")
    try:
        ingest.log_params(run, {key: value}, actor=request.actor, now=now_ms())
    except Immutable as error:
        [conflict] = error.details["conflicts"]
        raise Immutable(
            f"Changing param values is not allowed. Param with key='{key}' was already "
            f"logged with value='{conflict['old']}' for run ID='{run.run_id}'. "
            f"Attempted logging new value '{value}'.",
            field="value",
        ) from error
    return {}


@endpoint(Permission.LOG, LogBatch, scoped_tokens=True)
def log_batch(request: StudioRequest, body: LogBatch) -> dict[str, Any]:
    run = find_run_to_log(request, body)
    check_batch_sizes(body)
    points = read_points(body.metrics)
    params = read_key_values(body.params, "params")
    check_unique_keys([pair.key for pair in body.params])
    tags = read_key_values(body.tags, "tags")
    now = now_ms()
    try:
        # All or nothing: clients repeat a failed batch as a whole.
        with atomic_for_special_tags(tags):
            apply_special_tags(run, tags, actor=request.actor, now=now)
            ingest.log_metrics_of_models(
                run, points, actor=request.actor, now=now, params=params, tags=tags
            )
    except Immutable as error:
        # The parent tag raises Immutable too; its message needs no translation.
        if "conflicts" not in error.details:
            raise
        listed = [
            {"key": one["key"], "old_value": one["old"], "new_value": one["new"]}
            for one in error.details["conflicts"]
        ]
        raise Immutable(
            "Changing param values is not allowed. Params were already "
            f"logged='{listed}' for run ID='{run.run_id}'.",
            field="params",
        ) from error
    return {}


def check_batch_sizes(body: LogBatch) -> None:
    """Check the protocol's limits of one batch, by which clients split their data."""
    sizes = {
        "metrics": (len(body.metrics), names.MLFLOW_BATCH_METRICS),
        "params": (len(body.params), names.MLFLOW_BATCH_PARAMS),
        "tags": (len(body.tags), names.MLFLOW_BATCH_TAGS),
    }
    total = sum(count for count, _ in sizes.values())
    sizes["metrics, params, and tags"] = (total, names.MLFLOW_BATCH_TOTAL)
    for what, (count, limit) in sizes.items():
        if count > limit:
            raise InvalidValue(
                f"A batch logging request can contain at most {limit} {what}. "
                f"Got {count} {what}. Please split up {what} across multiple requests "
                "and try again.",
                field=what,
                limit=limit,
            )


def check_unique_keys(keys: Sequence[str]) -> None:
    # Quadratic, but `check_batch_sizes` allows only 100 parameters.
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InvalidValue(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure "
            "the request contains only one param value per param key.",
            field="params",
        )


@endpoint(Permission.LOG, SetTag, scoped_tokens=True)
def set_tag(request: StudioRequest, body: SetTag) -> dict[str, Any]:
    run = find_run_to_log(request, body)
    key = check_mlflow_key(require_value(body.key, "key"), "key")
    tags = {key: check_value(body.value, "value")}
    now = now_ms()
    with atomic_for_special_tags(tags):
        apply_special_tags(run, tags, actor=request.actor, now=now)
        run_actions.set_run_tags(run, tags, actor=request.actor, now=now)
    return {}


@endpoint(Permission.LOG, DeleteTag, scoped_tokens=True)
@transaction.atomic
def delete_tag(request: StudioRequest, body: DeleteTag) -> dict[str, Any]:
    run = find_run_to_log(request, body)
    key = require_value(body.key, "key")
    stored = RunTag.objects.filter(run=run, key__name=key.replace("\x00", ""))
    if not stored.exists():
        raise NotFound(f"No tag with name: {key} in run with id {run.run_id}")
    clear_special_tag(run, key, actor=request.actor, now=now_ms())
    run_actions.remove_run_tags(run, [key], actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.LOG, LogModel, scoped_tokens=True)
@transaction.atomic
def log_model(request: StudioRequest, body: LogModel) -> dict[str, Any]:
    """Record a model in a tag of the run, as clients before version 3 do."""
    run = find_run_to_log(request, body)
    described = parse_json(require_value(body.model_json, "model_json"))
    absent = [
        name
        for name in ("artifact_path", "flavors", "utc_time_created", "run_id")
        if not isinstance(described, dict) or name not in described
    ]
    if absent:
        raise invalid_parameter("model_json", body.model_json, f"It lacks {absent}.")
    # The lock makes parallel appends run one after the other.
    Run.objects.select_for_update().get(pk=run.pk)
    tag = RunTag.objects.filter(run=run, key__name=MODEL_HISTORY_TAG).first()
    history = read_model_history_tag(tag.value) if tag else []
    # A client repeats the call after a lost response, so the same model is listed once.
    history = [one for one in history if one != described] + [described]
    text = check_value(json.dumps(history, ensure_ascii=False), MODEL_HISTORY_TAG)
    run_actions.set_run_tags(
        run, {MODEL_HISTORY_TAG: text}, actor=request.actor, now=now_ms()
    )
    return {}
