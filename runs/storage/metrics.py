"""Metric points, many to a row: the chunked store behind its Protocol.

A series is its chunks in order of `number`, which is the order of arrival. The last
chunk may be a tail: up to 256 points, rewritten by each append. When it is full it
grows the chunk before it, up to 8,192 points, and a new tail begins: a point is
written about as often as the tail is long, and a million points are 123 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from django.db.models import Max

from runs.models import Metric, MetricChunk
from runs.storage import chunks
from runs.storage.duplicates import drop_known, drop_repeated
from runs.storage.heads import Rule, advance
from runs.storage.points import Points, concatenate
from runs.storage.sampling import choose

TAIL_POINTS = 256
TAIL_BYTES = 64 * 1024
CHUNK_POINTS = 8192

HEAD_FIELDS = [
    *("count", "last", "last_is_nan", "last_text", "last_step", "last_time"),
    *("min", "max", "first", "first_is_nan", "first_step", "first_time", "next_step"),
]


class MetricStore(Protocol):
    """Where points are. The caller holds a transaction and the heads' locks."""

    def append(self, metric: Metric, points: Points, rule: Rule = ...) -> Points: ...

    def append_all(
        self, series: Sequence[tuple[Metric, Points]], rule: Rule
    ) -> list[Points]: ...

    def read(
        self, metric: Metric, start: int | None = ..., stop: int | None = ...
    ) -> Points: ...

    def sample(
        self,
        metric: Metric,
        limit: int,
        start: int | None = ...,
        stop: int | None = ...,
    ) -> tuple[Points, int]: ...

    def history(
        self, metric: Metric, offset: int = ..., limit: int | None = ...
    ) -> Points: ...


class ChunkedStore:
    """Points in rows of `MetricChunk`, in the database of everything else."""

    def append(
        self, metric: Metric, points: Points, rule: Rule = Rule.BATCHES
    ) -> Points:
        """Store `points` and advance the head; returns those that were new."""
        return self.append_all([(metric, points)], rule)[0]

    def append_all(
        self, series: Sequence[tuple[Metric, Points]], rule: Rule
    ) -> list[Points]:
        """The same for several series of a run, in a number of queries that is fixed."""
        heads = [metric for metric, _ in series]
        tails = _tails(heads)
        fresh = [points for _, points in series]
        if rule is Rule.MLFLOW:
            fresh = _only_new(series, tails)
        numbers = _next_numbers([head for head in heads if head.pk not in tails])
        rows: list[MetricChunk] = []
        for head, points in zip(heads, fresh, strict=True):
            if len(points):
                advance(head, points, rule)
                tail = tails.get(head.pk)
                rows += _grow(head, tail, points, numbers.get(head.pk, 0))
        _save_chunks(rows)
        _save_heads([head for head, new in zip(heads, fresh, strict=True) if len(new)])
        return fresh

    def read(
        self, metric: Metric, start: int | None = None, stop: int | None = None
    ) -> Points:
        """All points with `start` <= step <= `stop`, by (step, time, arrival)."""
        rows = metric.chunks.order_by("number")
        if start is not None:
            rows = rows.filter(max_step__gte=start)
        if stop is not None:
            rows = rows.filter(min_step__lte=stop)
        points = concatenate([points_of(row) for row in rows.iterator()])
        if start is not None:
            points = points.take(points.steps >= start)
        if stop is not None:
            points = points.take(points.steps <= stop)
        return points.in_step_order()

    def sample(
        self,
        metric: Metric,
        limit: int,
        start: int | None = None,
        stop: int | None = None,
    ) -> tuple[Points, int]:
        """At most `limit` points with every extreme among them, and how many there are."""
        points = self.read(metric, start, stop)
        if len(points) <= limit:
            return points, len(points)
        return points.take(choose(points, limit)), len(points)

    def history(
        self, metric: Metric, offset: int = 0, limit: int | None = None
    ) -> Points:
        """A page of the points by (time, step, value)."""
        rows = list(metric.chunks.order_by("min_time", "number").defer("data"))
        skipped = 0
        if _are_apart(rows):
            rows, skipped = _holding(rows, offset, limit)
        loaded = MetricChunk.objects.filter(pk__in=[row.pk for row in rows])
        parts = [points_of(row) for row in loaded.order_by("number")]
        points = concatenate(parts).in_time_order()
        begin = offset - skipped
        end = len(points) if limit is None else begin + limit
        return points.take(np.arange(begin, max(begin, min(end, len(points)))))


def points_of(row: MetricChunk) -> Points:
    return chunks.unpack(row.encoding, bytes(row.data), row.count, row.notes)


def _tails(heads: Sequence[Metric]) -> dict[int, MetricChunk]:
    rows = MetricChunk.objects.filter(metric__in=heads, sealed=False)
    return {row.metric_id: row for row in rows}


def _next_numbers(heads: Sequence[Metric]) -> dict[int, int]:
    grown = [head for head in heads if head.count]
    if not grown:
        return {}
    rows = MetricChunk.objects.filter(metric__in=grown).values_list("metric")
    return {pk: number + 1 for pk, number in rows.annotate(top=Max("number"))}


def _only_new(
    series: Sequence[tuple[Metric, Points]], tails: dict[int, MetricChunk]
) -> list[Points]:
    """The points that are not stored yet; reads only chunks that could hold them."""
    unique = [drop_repeated(points) for _, points in series]
    grown = {
        head.pk: points
        for (head, _), points in zip(series, unique, strict=True)
        if head.count and len(points)
    }
    known: dict[int, list[Points]] = {pk: [] for pk in grown}
    for row in _overlapping(grown):
        known[row.metric_id].append(points_of(row))
    for pk, tail in tails.items():
        if pk in grown and _could_hold(tail, grown[pk]):
            known[pk].append(points_of(tail))
    return [
        drop_known(points, known.get(head.pk, []))
        for (head, _), points in zip(series, unique, strict=True)
    ]


def _overlapping(grown: dict[int, Points]) -> Iterable[MetricChunk]:
    if not grown:
        return []
    rows = MetricChunk.objects.filter(
        metric__in=grown,
        sealed=True,
        max_step__gte=min(int(points.steps.min()) for points in grown.values()),
        min_step__lte=max(int(points.steps.max()) for points in grown.values()),
        max_time__gte=min(int(points.times.min()) for points in grown.values()),
        min_time__lte=max(int(points.times.max()) for points in grown.values()),
    )
    wanted = [
        row.pk for row in rows.defer("data") if _could_hold(row, grown[row.metric_id])
    ]
    return MetricChunk.objects.filter(pk__in=wanted) if wanted else []


def _could_hold(row: MetricChunk, points: Points) -> bool:
    steps = (points.steps >= row.min_step) & (points.steps <= row.max_step)
    times = (points.times >= row.min_time) & (points.times <= row.max_time)
    return bool((steps & times).any())


def _grow(
    head: Metric, tail: MetricChunk | None, points: Points, number: int
) -> list[MetricChunk]:
    """The rows to write so that `points` follow; rows that they replace are deleted."""
    pending = concatenate([points_of(tail), points] if tail else [points])
    number = tail.number if tail else number
    row = _row(head, number, pending)
    if len(pending) < TAIL_POINTS and len(row.data) <= TAIL_BYTES:
        return [row]
    old = [tail.pk] if tail else []
    before = head.chunks.filter(number=number - 1).defer("data").first()
    if before and _can_grow(before, row):
        pending = concatenate([points_of(before), pending])
        number = before.number
        old.append(before.pk)
    head.chunks.filter(pk__in=old).delete()
    pieces = list(_pieces(pending, chunks.encoding_of(pending) == chunks.JSON))
    sealed = [_row(head, number + index, piece) for index, piece in enumerate(pieces)]
    for row in sealed:
        row.sealed = True
    return sealed


def _can_grow(before: MetricChunk, row: MetricChunk) -> bool:
    # Texts may be long: chunks of JSON stay as short as a tail.
    return chunks.JSON not in (before.encoding, row.encoding) and (
        before.count < CHUNK_POINTS
    )


def _pieces(points: Points, is_json: bool) -> Iterable[Points]:
    size = TAIL_POINTS if is_json else CHUNK_POINTS
    for start in range(0, len(points), size):
        yield points.take(np.arange(start, min(start + size, len(points))))


def _row(head: Metric, number: int, points: Points) -> MetricChunk:
    notes: Any = sorted(points.notes.items()) or None
    return MetricChunk(
        metric=head,
        number=number,
        encoding=chunks.encoding_of(points),
        count=len(points),
        min_step=int(points.steps.min()),
        max_step=int(points.steps.max()),
        min_time=int(points.times.min()),
        max_time=int(points.times.max()),
        data=chunks.pack(points),
        notes=notes,
    )


def _save_chunks(rows: Sequence[MetricChunk]) -> None:
    fields = ["encoding", "sealed", "count", "min_step", "max_step"]
    MetricChunk.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["metric", "number"],
        update_fields=[*fields, "min_time", "max_time", "data", "notes"],
    )


def _save_heads(heads: Sequence[Metric]) -> None:
    if len(heads) == 1:
        heads[0].save(update_fields=HEAD_FIELDS)
        return
    Metric.objects.bulk_create(
        heads,
        update_conflicts=True,
        unique_fields=["run", "key"],
        update_fields=HEAD_FIELDS,
    )


def _are_apart(rows: Sequence[MetricChunk]) -> bool:
    """Whether no chunk's times reach into the next one's."""
    return all(
        one.max_time < other.min_time
        for one, other in zip(rows, rows[1:], strict=False)
    )


def _holding(
    rows: Sequence[MetricChunk], offset: int, limit: int | None
) -> tuple[list[MetricChunk], int]:
    """The rows that the page lies in, and how many points come before them."""
    skipped, held, seen = 0, [], 0
    for row in rows:
        if seen + row.count <= offset:
            skipped += row.count
        elif limit is None or seen < offset + limit:
            held.append(row)
        seen += row.count
    return held, skipped


store: MetricStore = ChunkedStore()
