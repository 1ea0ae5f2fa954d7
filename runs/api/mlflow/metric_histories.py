"""MLflow: the history of one metric in many runs, whole or sampled by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from runs.access import Permission, StudioRequest
from runs.api.mlflow.decoding import WireNumber, read_int
from runs.api.mlflow.endpoints import endpoint, workspace_of
from runs.api.mlflow.errors import invalid_parameter, missing_parameter
from runs.api.mlflow.lookups import require_value
from runs.api.mlflow.replies import to_wire_float
from runs.models import Metric, MetricKind, Workspace
from runs.storage.metrics import Value, as_float, sample_positions, store

#: MLflow's own limits.
MAX_RUNS = 100
MAX_POINTS = 25_000
MAX_POINTS_PER_RUN = 2_500


class GetBulk(msgspec.Struct):
    run_id: list[str] = []
    metric_key: str = ""
    max_results: WireNumber = MAX_POINTS


class GetBulkInterval(msgspec.Struct):
    run_ids: list[str] = []
    metric_key: str = ""
    start_step: WireNumber | None = None
    end_step: WireNumber | None = None
    max_results: WireNumber = MAX_POINTS_PER_RUN


class RunPoint(msgspec.Struct):
    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str


@endpoint(Permission.READ, GetBulk)
def get_bulk(request: StudioRequest, body: GetBulk) -> dict[str, Any]:
    """Return points by run, time and step, of all runs together at most `max_results`.

    It has no pages, as in MLflow.
    """
    key = require_value(body.metric_key, "metric_key")
    limit = read_int(body.max_results, "max_results")
    if limit < 1:
        raise invalid_parameter("max_results", limit, "It must be a positive number.")
    found: list[RunPoint] = []
    limit = min(limit, MAX_POINTS)
    series = find_series(workspace_of(request), body.run_id, "run_id", key)
    for metric in sorted(series, key=lambda one: one.run.run_id):
        if len(found) == limit:
            break
        points = store.history(metric, 0, limit - len(found))
        found += run_points(metric, key, points)
    return {"metrics": found} if found else {}


@endpoint(Permission.READ, GetBulkInterval)
def get_bulk_interval(request: StudioRequest, body: GetBulkInterval) -> dict[str, Any]:
    found = sampled_histories(request, body)
    return {"metrics": found} if found else {}


def sampled_histories(request: StudioRequest, body: GetBulkInterval) -> list[RunPoint]:
    """Return points by run and step, at most `max_results` of each run.

    The first and the last point and the extremes are always among them.
    """
    key = require_value(body.metric_key, "metric_key")
    limit = read_int(body.max_results, "max_results")
    if not 1 <= limit <= MAX_POINTS_PER_RUN:
        raise invalid_parameter(
            "max_results", limit, f"It must be between 1 and {MAX_POINTS_PER_RUN}."
        )
    start, stop = read_steps(body)
    series = find_series(workspace_of(request), body.run_ids, "run_ids", key)
    samples = {
        pk: points.take(sample_positions(points, limit))
        if len(points) > limit
        else points
        for pk, points in store.read_series_by_series(series, start, stop)
    }
    found: list[RunPoint] = []
    for metric in series:
        found += run_points(metric, key, samples.get(metric.pk, ()))
    return found


def read_steps(body: GetBulkInterval) -> tuple[int | None, int | None]:
    """Return the first and last step, or None twice for all steps."""
    if body.start_step is None and body.end_step is None:
        return None, None
    if body.start_step is None or body.end_step is None:
        absent = "start_step" if body.start_step is None else "end_step"
        raise missing_parameter(absent)
    start = read_int(body.start_step, "start_step")
    stop = read_int(body.end_step, "end_step")
    if start > stop:
        raise invalid_parameter(
            "end_step", stop, f"It must not be less than start_step ({start})."
        )
    return start, stop


def find_series(
    workspace: Workspace, run_ids: list[str], field: str, key: str
) -> list[Metric]:
    """Return the metrics of the runs that have it, in the order of the request.

    As in MLflow, an unknown run or key has no history: no error.
    """
    if not run_ids:
        raise missing_parameter(field)
    if len(run_ids) > MAX_RUNS:
        raise invalid_parameter(
            field, len(run_ids), f"At most {MAX_RUNS} runs can be read at once."
        )
    places = {run_id: place for place, run_id in enumerate(dict.fromkeys(run_ids))}
    found = Metric.objects.filter(
        run__workspace=workspace,
        # PostgreSQL refuses NUL, and no stored name contains it.
        run__run_id__in=[one for one in places if "\x00" not in one],
        key__name=key.replace("\x00", ""),
        kind=MetricKind.SERIES,
    ).select_related("run")
    return sorted(found, key=lambda one: places[one.run.run_id])


def run_points(
    metric: Metric, key: str, points: Iterable[tuple[int, int, Value]]
) -> Iterator[RunPoint]:
    """Convert points; those that are no numbers are left out."""
    run_id = metric.run.run_id
    for step, time, value in points:
        if (number := as_float(value)) is not None:
            yield RunPoint(key, to_wire_float(number), time, step, run_id)
