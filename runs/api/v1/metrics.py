"""REST: log batches of points, and read metrics and their values."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.actions import run as run_actions
from runs.actions.ingest import Point
from runs.actions.ingest import log_metrics as log
from runs.api.v1.endpoints import endpoint, from_wire, to_wire
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import metric_info
from runs.api.v1.schemas import (
    Applied,
    Batch,
    LoggedQuery,
    LoggedSeries,
    LoggedValues,
    MetricList,
    Series,
    SeriesQuery,
)
from runs.models import Metric, now_ms
from runs.search.run import read_metrics
from runs.search.values import (
    read_points_cursor,
    read_unsampled_points,
    write_points_cursor,
)
from runs.storage.metrics import store
from studio.core.errors import NotFound
from studio.core.names import check_int64, check_key


@endpoint("POST", Permission.LOG, body=Batch, reply=Applied, scoped_tokens=True)
def log_metrics(request: StudioRequest, run_id: str, body: Batch) -> Applied:
    """Append a batch of points. It is applied once, even if it is sent repeatedly."""
    run, now = find_run(request, run_id), now_ms()
    points = [
        Point(
            point.key,
            from_wire(point.value),
            now if point.time is None else point.time,
            point.step,
        )
        for point in body.points
    ]
    batch = (body.writer, body.sequence)
    return Applied(log(run, points, actor=request.actor, now=now, batch=batch))


@endpoint("GET", Permission.READ, reply=MetricList)
def list_metrics(request: StudioRequest, run_id: str) -> MetricList:
    """List a run's metrics with their last, min and max values."""
    run = find_run(request, run_id)
    return MetricList([metric_info(head) for head in read_metrics(run)])


@endpoint("GET", Permission.READ, query=SeriesQuery, reply=Series)
def get_metric(
    request: StudioRequest, run_id: str, key: str, query: SeriesQuery
) -> Series:
    """Read a metric's values, or a sample that keeps every extreme."""
    run = find_run(request, run_id)
    check_key(key, "key")
    # Larger integers would fail in the database or in the arrays of points.
    for name, step in (("start", query.start), ("stop", query.stop)):
        if step is not None:
            check_int64(step, name)
    heads = Metric.objects.filter(run=run, key__name=key).select_related("key")
    head = heads.first()
    if head is None:
        raise NotFound(
            _("Run %(run_id)s has no metric %(key)r.")
            % {"run_id": run.run_id, "key": key},
            key=key,
        )
    points, total = store.sample(head, query.limit, query.start, query.stop)
    return Series(
        key=head.key.name,
        kind=head.kind,
        steps=points.steps.tolist(),
        times=points.times.tolist(),
        values=[to_wire(value) for value in points.python_values()],
        shown=len(points),
        total=total,
    )


@endpoint("GET", Permission.READ, query=LoggedQuery, reply=LoggedValues)
def list_values(
    request: StudioRequest, run_id: str, query: LoggedQuery
) -> LoggedValues:
    """Read all values that a run logged, in order of arrival, in pages."""
    run = find_run(request, run_id)
    if query.key:
        check_key(query.key, "key")
    runs = [run, *(run_actions.iterate_descendants(run) if query.recursive else ())]
    after = read_points_cursor(query.after) if query.after else None
    parts, place = read_unsampled_points(
        runs,
        key=query.key,
        with_system=bool(query.system),
        limit=query.limit,
        after=after,
    )
    series = [
        LoggedSeries(part.run_id, part.key, part.kind, list(map(to_wire, part.values)))
        for part in parts
    ]
    return LoggedValues(series, write_points_cursor(place))
