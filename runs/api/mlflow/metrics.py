"""metrics/get-history: all points of a series, in pages if the client wants."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.access.rules import Permission, StudioRequest
from runs.api.mlflow.decode import Wire, whole
from runs.api.mlflow.entities import wire_float
from runs.api.mlflow.errors import invalid
from runs.api.mlflow.find import OfRun, required
from runs.api.mlflow.http import endpoint, workspace_of
from runs.api.mlflow.tokens import read_offset, write_token
from runs.models import Metric, MetricKind
from runs.storage.metrics import store
from runs.storage.points import as_float


class GetHistory(OfRun):
    metric_key: str = ""
    page_token: str = ""
    max_results: Wire | None = None


class MetricPoint(msgspec.Struct):
    key: str
    value: float | str
    timestamp: int
    step: int


@endpoint(Permission.READ, GetHistory)
def get_history(request: StudioRequest, body: GetHistory) -> dict[str, Any]:
    run_id = required(body.run_id or body.run_uuid, "run_id")
    key = required(body.metric_key, "metric_key")
    offset = read_offset(body.page_token)
    limit = None
    if body.max_results is not None:
        limit = whole(body.max_results, "max_results")
        if limit <= 0:
            raise invalid("max_results", limit, "It must be a positive number.")
    metric = Metric.objects.filter(
        run__workspace=workspace_of(request),
        run__run_id=run_id.replace("\x00", ""),
        key__name=key.replace("\x00", ""),
        kind=MetricKind.SERIES,
    ).first()
    # As in MLflow a run or key that is not there has no history: no error.
    if metric is None:
        return {}
    points = store.history(metric, offset, limit)
    reply: dict[str, Any] = {
        "metrics": [
            MetricPoint(key, wire_float(number), time, step)
            for step, time, value in points
            if (number := as_float(value)) is not None
        ]
    }
    if limit is not None and offset + len(points) < metric.count:
        reply["next_page_token"] = write_token(offset + len(points))
    return reply
