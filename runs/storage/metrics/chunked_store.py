"""The store of metric points: many points per row, behind a Protocol.

A series is its chunks in order of `number`, which is the order of arrival.
`chunk_writer` fills them, `chunks` packs them, and `heads` updates the series' head.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Protocol

import numpy as np
from django.db.models import Q, QuerySet

from runs.models import Metric, MetricChunk
from runs.storage.metrics.chunk_writer import (
    extend_series,
    load_tail_chunks,
    next_chunk_numbers,
    save_chunks,
    save_heads,
)
from runs.storage.metrics.chunks import unpack_row
from runs.storage.metrics.downsampling import sample_positions
from runs.storage.metrics.duplicates import drop_stored_points
from runs.storage.metrics.heads import AppendRule, update_head
from runs.storage.metrics.points import Points, concatenate
from studio.core.batches import batches

#: Rows read from the database at once when series are read one by one.
READ_BATCH_ROWS = 50

#: Series with a step each in one query; SQLite accepts no longer expression.
MAX_SERIES_PER_QUERY = 200

#: A chunk is first sampled to this multiple of its share of the final sample, and to
#: at least this many points.
OVERSAMPLING, MIN_CHUNK_SAMPLE = 4, 32


class MetricStore(Protocol):
    """Stores and reads points. Writers hold a transaction and the heads' locks."""

    def append(
        self, metric: Metric, points: Points, rule: AppendRule = ...
    ) -> Points: ...

    def append_all(
        self, series: Sequence[tuple[Metric, Points]], rule: AppendRule
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

    def sample_all(
        self, metrics: Sequence[Metric], limit: int
    ) -> dict[int, Points]: ...

    def sample_chunk_by_chunk(
        self, metric: Metric, limit: int
    ) -> tuple[Points, int] | None: ...

    def newest_points_of_all(
        self, metrics: Sequence[Metric], limit: int
    ) -> dict[int, Points]: ...

    def read_series_by_series(
        self,
        metrics: Sequence[Metric],
        start: int | None = ...,
        stop: int | None = ...,
    ) -> Iterator[tuple[int, Points]]: ...

    def history(
        self, metric: Metric, offset: int = ..., limit: int | None = ...
    ) -> Points: ...


class ChunkedStore:
    """Points in rows of `MetricChunk`."""

    def append(
        self, metric: Metric, points: Points, rule: AppendRule = AppendRule.BATCHES
    ) -> Points:
        """Store `points` and update_head the head; returns those that were new."""
        return self.append_all([(metric, points)], rule)[0]

    def append_all(
        self, series: Sequence[tuple[Metric, Points]], rule: AppendRule
    ) -> list[Points]:
        """Append to several series of a run, with a few queries for all."""
        heads = [metric for metric, _ in series]
        tails = load_tail_chunks(heads)
        fresh = [points for _, points in series]
        if rule is AppendRule.MLFLOW:
            fresh = drop_stored_points(series, tails)
        # A tail has its number already.
        numbers = next_chunk_numbers([head for head in heads if head.pk not in tails])
        rows: list[MetricChunk] = []
        grown: list[Metric] = []
        changed: list[Metric] = []
        for head, points in zip(heads, fresh, strict=True):
            if len(points):
                (changed if update_head(head, points, rule) else grown).append(head)
                tail = tails.get(head.pk)
                rows += extend_series(head, tail, points, numbers.get(head.pk, 0))
        save_chunks(rows)
        save_heads(grown, wholly=changed)
        return fresh

    def read(
        self, metric: Metric, start: int | None = None, stop: int | None = None
    ) -> Points:
        """All points with `start` <= step <= `stop`, by (step, time, arrival)."""
        rows = _overlapping_chunks(metric.chunks.order_by("number"), start, stop)
        return _points_within([unpack_row(row) for row in rows.iterator()], start, stop)

    def read_series_by_series(
        self,
        metrics: Sequence[Metric],
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[int, Points]]:
        """Read several series one after another, with one query."""
        rows = MetricChunk.objects.filter(metric__in=metrics)
        ordered = _overlapping_chunks(rows.order_by("metric", "number"), start, stop)
        read = ordered.iterator(chunk_size=READ_BATCH_ROWS)
        for key, held in itertools.groupby(read, attrgetter("metric_id")):
            yield key, _points_within([unpack_row(row) for row in held], start, stop)

    def sample(
        self,
        metric: Metric,
        limit: int,
        start: int | None = None,
        stop: int | None = None,
    ) -> tuple[Points, int]:
        """Sample at most `limit` points, with every extreme; also returns the total."""
        points = self.read(metric, start, stop)
        if len(points) <= limit:
            return points, len(points)
        return points.take(sample_positions(points, limit)), len(points)

    def sample_all(self, metrics: Sequence[Metric], limit: int) -> dict[int, Points]:
        """Sample several series with one query; returns points by series key."""
        rows = MetricChunk.objects.filter(metric__in=metrics)
        parts: dict[int, list[Points]] = {}
        for row in rows.order_by("metric", "number").iterator():
            parts.setdefault(row.metric_id, []).append(unpack_row(row))
        found = {key: concatenate(held).in_step_order() for key, held in parts.items()}
        return {
            key: points.take(sample_positions(points, limit))
            if len(points) > limit
            else points
            for key, points in found.items()
        }

    def sample_chunk_by_chunk(
        self, metric: Metric, limit: int
    ) -> tuple[Points, int] | None:
        """Like `sample`, but chunk by chunk, so a long series never fills the memory.

        None if this could miss points: chunks with other values than numbers, or with
        overlapping steps.
        """
        parts: list[Points] = []
        total, last = 0, None
        for row in metric.chunks.order_by("number").iterator():
            points = unpack_row(row)
            if not points.is_numeric or (last is not None and row.min_step < last):
                return None
            total, last = total + len(points), row.max_step
            points = points.in_step_order()
            share = max(
                limit * OVERSAMPLING * len(points) // max(metric.count, 1),
                MIN_CHUNK_SAMPLE,
            )
            if len(points) > share:
                points = points.take(sample_positions(points, share))
            parts.append(points)
        points = concatenate(parts)
        if len(points) > limit:
            points = points.take(sample_positions(points, limit))
        return points, total

    def newest_points_of_all(
        self, metrics: Sequence[Metric], limit: int
    ) -> dict[int, Points]:
        """Read at least the last `limit` steps of each series, by series key.

        Points are in step order. Estimates where these steps begin, so up to
        `MAX_SERIES_PER_QUERY` series take one or two queries.
        """
        starts = {metric.pk: _probable_start(metric, limit) for metric in metrics}
        found = _chunks_since(starts)
        short = {
            metric.pk: metric.first_step
            for metric in metrics
            if starts[metric.pk] > metric.first_step
            and len(np.unique(found[metric.pk].steps)) < limit
        }
        return {**found, **_chunks_since(short)}

    def history(
        self, metric: Metric, offset: int = 0, limit: int | None = None
    ) -> Points:
        """Read a page of the points in order of (time, step, value)."""
        # The bounds come first: the bytes of most chunks are not needed.
        rows = list(metric.chunks.order_by("min_time", "number").defer("data"))
        skipped = 0
        if _are_disjoint(rows):
            rows, skipped = _chunks_of_page(rows, offset, limit)
        loaded = MetricChunk.objects.filter(pk__in=[row.pk for row in rows])
        parts = [unpack_row(row) for row in loaded.order_by("number")]
        points = concatenate(parts).in_time_order()
        begin = offset - skipped
        end = len(points) if limit is None else begin + limit
        return points.take(np.arange(begin, max(begin, min(end, len(points)))))


def _probable_start(metric: Metric, limit: int) -> int:
    if metric.count <= 2 * limit:
        return metric.first_step
    span = metric.last_step - metric.first_step
    # Twice the number of steps, since they are rarely evenly spread.
    wanted = math.ceil(2 * limit * (span + 1) / metric.count)
    return max(metric.last_step - wanted, metric.first_step)


def _chunks_since(starts: Mapping[int, int]) -> dict[int, Points]:
    """Read the points from those steps on, by series key."""
    parts: dict[int, list[Points]] = {key: [] for key in starts}
    for some in batches(list(starts), MAX_SERIES_PER_QUERY):
        wanted = Q(pk__in=())
        for metric in some:
            wanted |= Q(metric=metric, max_step__gte=starts[metric])
        rows = MetricChunk.objects.filter(wanted).order_by("metric", "number")
        for row in rows.iterator():
            parts[row.metric_id].append(unpack_row(row))
    found = {key: concatenate(held) for key, held in parts.items()}
    return {
        key: points.take(points.steps >= starts[key]).in_step_order()
        for key, points in found.items()
    }


def _overlapping_chunks(
    rows: QuerySet[MetricChunk], start: int | None, stop: int | None
) -> QuerySet[MetricChunk]:
    if start is not None:
        rows = rows.filter(max_step__gte=start)
    if stop is not None:
        rows = rows.filter(min_step__lte=stop)
    return rows


def _points_within(
    parts: Sequence[Points], start: int | None, stop: int | None
) -> Points:
    points = concatenate(parts)
    if start is not None:
        points = points.take(points.steps >= start)
    if stop is not None:
        points = points.take(points.steps <= stop)
    return points.in_step_order()


def _are_disjoint(rows: Sequence[MetricChunk]) -> bool:
    """Whether no chunk's times reach into the next one's."""
    return all(one.max_time < other.min_time for one, other in itertools.pairwise(rows))


def _chunks_of_page(
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
