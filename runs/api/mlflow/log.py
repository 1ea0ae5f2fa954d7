"""runs/log-…, set-tag, delete-tag: what training scripts send all the time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.ingest import ingest
from runs.actions.ingest import logged_models as models
from runs.actions.run import annotate
from runs.api.mlflow.decode import loads
from runs.api.mlflow.errors import invalid
from runs.api.mlflow.find import OfRun, required, run_to_log
from runs.api.mlflow.http import endpoint
from runs.api.mlflow.points import MetricBody, point, points_of
from runs.api.mlflow.tags import (
    Pair,
    apply_special_tags,
    forget_special_tag,
    read_pairs,
)
from runs.models import Run, RunTag
from studio.core import names
from studio.core.errors import Immutable, InvalidValue, NotFound
from studio.core.names import check_mlflow_key, check_value

LOG_MODEL_TAG = "mlflow.log-model.history"


def models_in(text: str | None) -> list[object]:
    """The models that the tag lists. Anybody may set the tag to anything."""
    try:
        listed = json.loads(text or "[]")
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise InvalidValue(
            f"The tag {LOG_MODEL_TAG} is no JSON list, so no model can be added to it. "
            "Remove the tag first.",
            field=LOG_MODEL_TAG,
        )
    return listed


class LogMetric(MetricBody):
    run_id: str = ""
    run_uuid: str = ""


class LogParam(OfRun):
    key: str = ""
    value: str = ""


class SetTag(OfRun):
    key: str = ""
    value: str = ""


class DeleteTag(OfRun):
    key: str = ""


class LogBatch(OfRun):
    metrics: list[MetricBody] = msgspec.field(default_factory=list)
    params: list[Pair] = msgspec.field(default_factory=list)
    tags: list[Pair] = msgspec.field(default_factory=list)


class LogModel(OfRun):
    model_json: str = ""


@endpoint(Permission.LOG, LogMetric)
def log_metric(request: StudioRequest, body: LogMetric) -> dict[str, Any]:
    run = run_to_log(request, OfRun(body.run_id, body.run_uuid))
    models.log_points(run, [point(body)], actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.LOG, LogParam)
def log_param(request: StudioRequest, body: LogParam) -> dict[str, Any]:
    run = run_to_log(request, body)
    key = check_mlflow_key(required(body.key, "key"), "key")
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


@endpoint(Permission.LOG, LogBatch)
def log_batch(request: StudioRequest, body: LogBatch) -> dict[str, Any]:
    run = run_to_log(request, body)
    check_sizes(body)
    points = points_of(body.metrics)
    params = read_pairs(body.params, "params")
    check_once([pair.key for pair in body.params])
    tags = read_pairs(body.tags, "tags")
    now = now_ms()
    try:
        with transaction.atomic():
            apply_special_tags(run, tags, actor=request.actor, now=now)
            models.log_points(
                run, points, actor=request.actor, now=now, params=params, tags=tags
            )
    except Immutable as error:
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


def check_sizes(body: LogBatch) -> None:
    """The protocol's limits of one batch; clients split by them."""
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


def check_once(keys: Sequence[str]) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InvalidValue(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure "
            "the request contains only one param value per param key.",
            field="params",
        )


@endpoint(Permission.LOG, SetTag)
@transaction.atomic
def set_tag(request: StudioRequest, body: SetTag) -> dict[str, Any]:
    run = run_to_log(request, body)
    key = check_mlflow_key(required(body.key, "key"), "key")
    tags = {key: check_value(body.value, "value")}
    now = now_ms()
    apply_special_tags(run, tags, actor=request.actor, now=now)
    annotate.set_tags(run, tags, actor=request.actor, now=now)
    return {}


@endpoint(Permission.LOG, DeleteTag)
@transaction.atomic
def delete_tag(request: StudioRequest, body: DeleteTag) -> dict[str, Any]:
    run = run_to_log(request, body)
    key = required(body.key, "key")
    stored = RunTag.objects.filter(run=run, key__name=key.replace("\x00", ""))
    if not stored.exists():
        raise NotFound(f"No tag with name: {key} in run with id {run.run_id}")
    forget_special_tag(run, key, actor=request.actor, now=now_ms())
    annotate.remove_tags(run, [key], actor=request.actor, now=now_ms())
    return {}


@endpoint(Permission.LOG, LogModel)
@transaction.atomic
def log_model(request: StudioRequest, body: LogModel) -> dict[str, Any]:
    """Clients before 3 record a model by appending to a tag of the run."""
    run = run_to_log(request, body)
    described = loads(required(body.model_json, "model_json"))
    absent = [
        name
        for name in ("artifact_path", "flavors", "utc_time_created", "run_id")
        if not isinstance(described, dict) or name not in described
    ]
    if absent:
        raise invalid("model_json", body.model_json, f"It lacks {absent}.")
    # The lock makes of two appends at once one after the other.
    Run.objects.select_for_update().get(pk=run.pk)
    tag = RunTag.objects.filter(run=run, key__name=LOG_MODEL_TAG).first()
    history = models_in(tag.value) if tag else []
    history = [one for one in history if one != described] + [described]
    text = check_value(json.dumps(history, ensure_ascii=False), LOG_MODEL_TAG)
    annotate.set_tags(run, {LOG_MODEL_TAG: text}, actor=request.actor, now=now_ms())
    return {}
