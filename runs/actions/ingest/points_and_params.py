"""Log metric points, parameters, and batches of both with tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.ingest.locked_metric_heads import ensure_heads
from runs.actions.run import apply_run_tags
from runs.actions.run_rows import (
    check_tags,
    record_heartbeat,
    refuse_edit_if_locked,
    write_params,
)
from runs.http import Counted, counters
from runs.models import IngestBatch, Metric, Run
from runs.storage.metrics import (
    AppendRule,
    PointNote,
    Points,
    Value,
    make_points,
    store,
)
from studio.core import names
from studio.core.errors import InvalidValue

#: Not every client can read longer integers in decimal.
MAX_INTEGER_BITS = 4096


# Not tracked by the garbage collector: a batch creates thousands, and none forms a
# cycle.
class Point(msgspec.Struct, frozen=True, gc=False):
    """One value of a metric. Without a step it gets the next step of its metric."""

    key: str
    value: Value
    time: int
    step: int | None = None
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""

    @property
    def model_and_dataset(self) -> PointNote | None:
        if not (self.model_id or self.dataset_name or self.dataset_digest):
            return None
        fields = {
            "model_id": self.model_id,
            "dataset_name": self.dataset_name,
            "dataset_digest": self.dataset_digest,
        }
        return {name: text for name, text in fields.items() if text}


@transaction.atomic
def log_metrics(
    run: Run,
    points: Sequence[Point],
    *,
    actor: Actor,
    now: int,
    batch: tuple[str, int] | None = None,
) -> int:
    """Append points; return how many were new.

    With `batch` (writer, sequence) the whole batch is applied once, however late it is
    repeated. Without a batch MLflow's rule makes repeating safe: points with the same
    key, step, time and value are the same point.
    """
    _check_points(points)
    record_heartbeat(run, actor, now)
    if batch is not None and not _record_if_new_batch(run, batch, now):
        return 0
    return _append_points(
        run, points, AppendRule.MLFLOW if batch is None else AppendRule.BATCHES
    )


@transaction.atomic
def log_params(run: Run, params: Mapping[str, str], *, actor: Actor, now: int) -> None:
    """Write parameters once; raise Immutable if one already has another value."""
    record_heartbeat(run, actor, now)
    write_params(run, params)


@transaction.atomic
def log_batch(
    run: Run,
    points: Sequence[Point] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str | None] | None = None,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Log points (by MLflow's rule), parameters and tags: all or nothing."""
    write_batch(run, points, params, tags, actor=actor, now=now)


def write_batch(
    run: Run,
    points: Sequence[Point],
    params: Mapping[str, str] | None,
    tags: Mapping[str, str | None] | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Log points, parameters and tags, in a transaction of the caller."""
    _check_points(points)
    check_tags(tags or {})
    if record_heartbeat(run, actor, now) and tags:
        refuse_edit_if_locked(run, actor)
    # `create_run` writes new keys in this order too, so that they can't deadlock.
    _append_points(run, points, AppendRule.MLFLOW)
    write_params(run, params or {})
    apply_run_tags(run, tags or {}, actor=actor, now=now)


def _check_points(points: Sequence[Point]) -> None:
    if len(points) > names.MAX_BATCH_POINTS:
        raise InvalidValue(
            _("The batch has %(count)s points. The maximum is %(limit)s.")
            % {"count": len(points), "limit": names.MAX_BATCH_POINTS},
            field="points",
            limit=names.MAX_BATCH_POINTS,
        )
    known: set[str] = set()
    for index, point in enumerate(points):
        if point.key not in known:
            known.add(names.check_key(point.key, f"points[{index}].key"))
        if _needs_no_more_checks(point):
            continue
        if point.step is not None:
            names.check_int64(point.step, f"points[{index}].step")
        names.check_time(point.time, f"points[{index}].time")
        if isinstance(point.value, str):
            names.check_value(point.value, f"points[{index}].value")
        elif (
            isinstance(point.value, int) and point.value.bit_length() > MAX_INTEGER_BITS
        ):
            raise InvalidValue(
                _("points[%(index)s].value has more than %(limit)s bits.")
                % {"index": index, "limit": MAX_INTEGER_BITS},
                field=f"points[{index}].value",
            )


def _needs_no_more_checks(point: Point) -> bool:
    """Return whether the other checks would pass, as they do for nearly all points."""
    step, time = point.step, point.time
    return (
        type(point.value) is float
        and (type(time) is int and 0 <= time <= names.MAX_TIME)
        and (
            step is None
            or (type(step) is int and names.MIN_INT64 <= step <= names.MAX_INT64)
        )
    )


def _record_if_new_batch(run: Run, batch: tuple[str, int], now: int) -> bool:
    writer, sequence = batch
    names.check_text(writer, "writer", limit=64, empty=False)
    names.check_int64(sequence, "sequence")
    # The run's row is locked (`record_heartbeat`), so no copy of this batch runs in
    # parallel.
    _batch, created = IngestBatch.objects.get_or_create(
        run=run, writer=writer, sequence=sequence, defaults={"time": now}
    )
    return created


def _append_points(run: Run, points: Sequence[Point], rule: AppendRule) -> int:
    by_key: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        by_key[point.key].append(point)
    heads = ensure_heads(run, by_key)
    # By name, because triggers lock the root's bounds in this order
    # (`rebuild_root_metrics`).
    series = [
        (heads[key], _points_as_arrays(heads[key], by_key[key]))
        for key in sorted(by_key)
    ]
    added = sum(len(new) for new in store.append_all(series, rule))
    if added:
        transaction.on_commit(partial(counters.add, Counted.POINTS, amount=added))
    return added


def _points_as_arrays(head: Metric, points: Sequence[Point]) -> Points:
    steps = []
    for point in points:
        if point.step is None:
            steps.append(head.next_step)
            head.next_step += 1
        else:
            steps.append(point.step)
    noted = enumerate(point.model_and_dataset for point in points)
    return make_points(
        steps,
        [point.time for point in points],
        [point.value for point in points],
        {index: note for index, note in noted if note},
    )
