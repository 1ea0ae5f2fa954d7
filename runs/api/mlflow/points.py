"""Metrics of a request as points: the usual ones fast, others with every check."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runs.actions.ingest.ingest import Point
from runs.api.mlflow.decode import Wire, moment, real, whole
from runs.api.mlflow.errors import missing
from runs.storage.points import EXACT
from studio.core import names
from studio.core.names import check_mlflow_key, check_text


class MetricBody(msgspec.Struct):
    key: str = ""
    value: Wire | None = None
    timestamp: Wire | None = None
    step: Wire = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


def points_of(bodies: Sequence[MetricBody]) -> list[Point]:
    """The metrics of a batch, of which most have keys that others had."""
    checked: set[str] = set()
    points = []
    for index, body in enumerate(bodies):
        if body.key in checked and _is_usual(body):
            value, time, step = body.value, body.timestamp, body.step
            points.append(Point(body.key, float(value), time, step))  # type: ignore[arg-type]
        else:
            points.append(point(body, f"metrics[{index}]."))
            checked.add(body.key)
    return points


def _is_usual(body: MetricBody) -> bool:
    """Whether `point` would find nothing to refuse and nothing to translate."""
    value, time, step = body.value, body.timestamp, body.step
    return (
        (type(value) is float or (type(value) is int and -EXACT <= value <= EXACT))
        and (type(time) is int and 0 <= time <= names.MAX_TIME)
        and (type(step) is int and names.MIN_INT64 <= step <= names.MAX_INT64)
        and not (body.model_id or body.dataset_name or body.dataset_digest)
    )


def point(body: MetricBody, at: str = "") -> Point:
    """The metric as a point; `at` is its path in the request."""
    if body.value is None:
        raise missing(f"{at}value")
    if body.timestamp is None:
        raise missing(f"{at}timestamp")
    if not body.key:
        raise missing(f"{at}key")
    return Point(
        key=check_mlflow_key(body.key, f"{at}key"),
        value=real(body.value, f"{at}value"),
        step=whole(body.step, f"{at}step"),
        time=moment(body.timestamp, f"{at}timestamp"),
        model_id=check_text(body.model_id, f"{at}model_id", limit=64),
        dataset_name=check_text(
            body.dataset_name, f"{at}dataset_name", limit=names.MAX_DATASET_NAME
        ),
        dataset_digest=check_text(
            body.dataset_digest, f"{at}dataset_digest", limit=names.MAX_DATASET_DIGEST
        ),
    )
