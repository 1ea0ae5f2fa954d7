"""MLflow: read the points of requests, and return the history of a metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runs.access import Permission, StudioRequest
from runs.actions.ingest import Point
from runs.api.mlflow.decoding import WireNumber, read_float, read_int, read_time
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.errors import invalid_parameter, missing_parameter
from runs.api.mlflow.lookups import RunRequest, require_value
from runs.api.mlflow.page_tokens import read_offset, write_page_token
from runs.api.mlflow.replies import to_wire_float
from runs.models import Metric, MetricKind
from runs.storage.metrics import MAX_EXACT_INTEGER, as_float, store
from studio.core import names
from studio.core.names import check_mlflow_key, check_text


class GetHistory(RunRequest):
    metric_key: str = ""
    page_token: str = ""
    max_results: WireNumber | None = None


class MetricPoint(msgspec.Struct):
    key: str
    value: float | str
    timestamp: int
    step: int


@endpoint(Permission.READ, GetHistory)
def get_history(request: StudioRequest, body: GetHistory) -> dict[str, Any]:
    run_id = require_value(body.run_id or body.run_uuid, "run_id")
    key = require_value(body.metric_key, "metric_key")
    offset = read_offset(body.page_token)
    limit = None
    if body.max_results is not None:
        limit = read_int(body.max_results, "max_results")
        if limit <= 0:
            raise invalid_parameter(
                "max_results", limit, "It must be a positive number."
            )
    metric = Metric.objects.filter(
        run__workspace=workspace_of(request),
        # PostgreSQL refuses NUL, and no stored name contains it.
        run__run_id=run_id.replace("\x00", ""),
        key__name=key.replace("\x00", ""),
        kind=MetricKind.SERIES,
    ).first()
    # As in MLflow, an unknown run or key has no history: no error.
    if metric is None:
        return {}
    # The offset counts stored points, with those that are no numbers and left out
    # below. So pages never overlap, but can be shorter than `limit`.
    points = store.history(metric, offset, limit)
    reply: dict[str, Any] = {
        "metrics": [
            MetricPoint(key, to_wire_float(number), time, step)
            for step, time, value in points
            if (number := as_float(value)) is not None
        ]
    }
    if limit is not None and offset + len(points) < metric.count:
        reply["next_page_token"] = write_page_token(offset + len(points))
    return reply


class MetricBody(msgspec.Struct):
    key: str = ""
    value: WireNumber | None = None
    timestamp: WireNumber | None = None
    step: WireNumber = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


def read_points(bodies: Sequence[MetricBody]) -> list[Point]:
    """Return the metrics of a batch as points; most keys were checked before."""
    # A batch has up to 1,000 points but usually few keys, so each key is checked once.
    checked: set[str] = set()
    points = []
    for index, body in enumerate(bodies):
        if body.key in checked and _needs_no_checks(body):
            value, time, step = body.value, body.timestamp, body.step
            points.append(Point(body.key, float(value), time, step))  # type: ignore[arg-type]
        else:
            points.append(read_point(body, f"metrics[{index}]."))
            checked.add(body.key)
    return points


def _needs_no_checks(body: MetricBody) -> bool:
    """Return whether `read_point` would have nothing to refuse or convert."""
    value, time, step = body.value, body.timestamp, body.step
    return (
        (
            type(value) is float
            # `float()` fails for huge integers, and `read_point` reports which one it
            # was.
            or (type(value) is int and -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER)
        )
        and (type(time) is int and 0 <= time <= names.MAX_TIME)
        and (type(step) is int and names.MIN_INT64 <= step <= names.MAX_INT64)
        and not (body.model_id or body.dataset_name or body.dataset_digest)
    )


def read_point(body: MetricBody, at: str = "") -> Point:
    """Return the metric as a point; `at` is its path in the request."""
    if body.value is None:
        raise missing_parameter(f"{at}value")
    if body.timestamp is None:
        raise missing_parameter(f"{at}timestamp")
    if not body.key:
        raise missing_parameter(f"{at}key")
    return Point(
        key=check_mlflow_key(body.key, f"{at}key"),
        value=read_float(body.value, f"{at}value"),
        step=read_int(body.step, f"{at}step"),
        time=read_time(body.timestamp, f"{at}timestamp"),
        model_id=check_text(body.model_id, f"{at}model_id", limit=64),
        dataset_name=check_text(
            body.dataset_name, f"{at}dataset_name", limit=names.MAX_DATASET_NAME
        ),
        dataset_digest=check_text(
            body.dataset_digest, f"{at}dataset_digest", limit=names.MAX_DATASET_DIGEST
        ),
    )
