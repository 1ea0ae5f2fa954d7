"""`/metrics`: the state of the server for Prometheus. Only for its operator."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from runs.access import OPERATOR, access, render_json_error
from runs.http import REQUEST_KINDS, SECONDS_LIMITS, STATUS_CLASSES, Counted, counters
from runs.models import now_ms
from runs.render.exposition import CONTENT_TYPE, MetricFamily, Sample, exposition
from runs.search.server_state import (
    read_queues,
    read_storage,
    read_waiting_since,
    read_worker_time,
)


@access(OPERATOR, errors=render_json_error)
@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    now = now_ms()
    families = [*_requests(), *_ingest(), *_spool(), *_queue(now), *_storage()]
    text = exposition([*families, *_worker(now)])
    return HttpResponse(text, content_type=CONTENT_TYPE)


def _requests() -> Iterator[MetricFamily]:
    yield MetricFamily(
        "studio_http_requests_total",
        "counter",
        "Requests, by what they ask for and the class of the response.",
        tuple(
            Sample(
                counters.total("requests", kind, status),
                {"kind": kind, "status": status},
            )
            for kind in REQUEST_KINDS
            for status in STATUS_CLASSES
        ),
    )
    yield MetricFamily(
        "studio_http_request_seconds",
        "histogram",
        "Time from a request's head to the end of its response.",
        tuple(sample for kind in REQUEST_KINDS for sample in _histogram(kind)),
    )
    yield _gauge(
        "studio_http_requests_in_progress",
        "Requests that have no complete response yet.",
        counters.total(Counted.IN_PROGRESS),
    )
    yield _gauge(
        "studio_http_requests_waiting",
        "Requests that wait for a thread.",
        counters.total(Counted.WAITING),
    )


def _histogram(kind: str) -> Iterator[Sample]:
    count = 0.0
    for number, limit in enumerate((*SECONDS_LIMITS, float("inf"))):
        count += counters.total("seconds", kind, str(number))
        below = "+Inf" if limit == float("inf") else str(limit)
        yield Sample(count, {"kind": kind, "le": below}, "_bucket")
    yield Sample(counters.total("seconds_sum", kind), {"kind": kind}, "_sum")
    yield Sample(count, {"kind": kind}, "_count")


def _ingest() -> Iterator[MetricFamily]:
    for name, key, text in (
        ("points", Counted.POINTS, "Points of metrics that were stored."),
        ("params", Counted.PARAMS, "Parameters that were logged."),
        ("log_bytes", Counted.LOG_BYTES, "Bytes that were appended to logs."),
        ("file_bytes", Counted.FILE_BYTES, "Bytes of files that were uploaded."),
    ):
        total = (Sample(counters.total(key)),)
        yield MetricFamily(f"studio_ingested_{name}_total", "counter", text, total)


def _spool() -> Iterator[MetricFamily]:
    yield _gauge(
        "studio_spool_files",
        "Large bodies of requests and responses that are in temporary files.",
        counters.total(Counted.SPOOL_FILES),
    )
    yield _gauge(
        "studio_spool_bytes",
        "Bytes of these temporary files.",
        counters.total(Counted.SPOOL_BYTES),
    )


def _queue(now: int) -> Iterator[MetricFamily]:
    queues = read_queues()
    places = [{"workspace": each.workspace, "target": each.target} for each in queues]
    pairs = tuple(zip(queues, places, strict=True))
    yield MetricFamily(
        "studio_queue_runs",
        "gauge",
        "Submitted runs that have not ended, by compute target.",
        (
            *(Sample(each.queued, {**at, "state": "queued"}) for each, at in pairs),
            *(Sample(each.running, {**at, "state": "running"}) for each, at in pairs),
        ),
    )
    yield MetricFamily(
        "studio_queue_oldest_seconds",
        "gauge",
        "How long the oldest queued run has waited; 0 if none waits.",
        tuple(Sample(_age(each.oldest, now), at) for each, at in pairs),
    )


def _storage() -> Iterator[MetricFamily]:
    state = read_storage()
    yield MetricFamily(
        "studio_storage_bytes",
        "gauge",
        "Bytes of the current files of runs and models, and of the database.",
        (
            Sample(state.files, {"kind": "files"}),
            Sample(state.database, {"kind": "database"}),
        ),
    )
    yield _gauge(
        "studio_disk_free_bytes", "Free bytes on the home's disk.", state.disk_free
    )
    yield _gauge("studio_disk_size_bytes", "Size of the home's disk.", state.disk_size)


def _worker(now: int) -> Iterator[MetricFamily]:
    yield _gauge(
        "studio_worker_seen_seconds",
        "Seconds since the worker last looked at the clock, which it does each minute.",
        _age(read_worker_time(), now),
    )
    yield MetricFamily(
        "studio_worker_lag_seconds",
        "gauge",
        "How long the worker's oldest waiting work has waited; 0 if none waits.",
        tuple(
            Sample(_age(since, now), {"work": work})
            for work, since in read_waiting_since(now).items()
        ),
    )


def _gauge(name: str, text: str, value: float) -> MetricFamily:
    return MetricFamily(name, "gauge", text, (Sample(value),))


def _age(since: int | None, now: int) -> float:
    return 0.0 if since is None else max(0, now - since) / 1000
