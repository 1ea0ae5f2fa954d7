"""Metric points, many to a row: the chunked store behind its Protocol.

A series is its chunks in order of `number`, which is the order of arrival: `growth`
says how they are filled, `chunks` how they are packed, `heads` what is kept beside.
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
from runs.storage.chunks import points_of
from runs.storage.duplicates import only_new
from runs.storage.growth import (
    grow,
    next_numbers,
    save_chunks,
    save_heads,
    tails_of,
)
from runs.storage.heads import Rule, advance
from runs.storage.points import Points, concatenate
from runs.storage.sampling import choose
from studio.core.batches import batches

#: Chunks that are read from the database at once, where series are read one by one.
AT_ONCE = 50

#: Series that one question names with a step each: SQLite takes no longer expression.
NAMED = 200

#: A chunk's share of a sample, before the sample of all is taken: so many times the
#: part that it will have, and so many points at least.
KEPT, LEAST = 4, 32


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

    def sample_all(
        self, metrics: Sequence[Metric], limit: int
    ) -> dict[int, Points]: ...

    def sample_long(self, metric: Metric, limit: int) -> tuple[Points, int] | None: ...

    def newest_all(
        self, metrics: Sequence[Metric], limit: int
    ) -> dict[int, Points]: ...

    def read_each(
        self,
        metrics: Sequence[Metric],
        start: int | None = ...,
        stop: int | None = ...,
    ) -> Iterator[tuple[int, Points]]: ...

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
        """The same for several series of a run, in a few queries for all of them."""
        heads = [metric for metric, _ in series]
        tails = tails_of(heads)
        fresh = [points for _, points in series]
        if rule is Rule.MLFLOW:
            fresh = only_new(series, tails)
        numbers = next_numbers([head for head in heads if head.pk not in tails])
        rows: list[MetricChunk] = []
        grown: list[Metric] = []
        changed: list[Metric] = []
        for head, points in zip(heads, fresh, strict=True):
            if len(points):
                (changed if advance(head, points, rule) else grown).append(head)
                tail = tails.get(head.pk)
                rows += grow(head, tail, points, numbers.get(head.pk, 0))
        save_chunks(rows)
        save_heads(grown, wholly=changed)
        return fresh

    def read(
        self, metric: Metric, start: int | None = None, stop: int | None = None
    ) -> Points:
        """All points with `start` <= step <= `stop`, by (step, time, arrival)."""
        rows = _reaching(metric.chunks.order_by("number"), start, stop)
        return _within([points_of(row) for row in rows.iterator()], start, stop)

    def read_each(
        self,
        metrics: Sequence[Metric],
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[int, Points]]:
        """Several series by their keys as `read` has them: one query, one at a time."""
        rows = MetricChunk.objects.filter(metric__in=metrics)
        ordered = _reaching(rows.order_by("metric", "number"), start, stop)
        read = ordered.iterator(chunk_size=AT_ONCE)
        for key, held in itertools.groupby(read, attrgetter("metric_id")):
            yield key, _within([points_of(row) for row in held], start, stop)

    def sample(
        self,
        metric: Metric,
        limit: int,
        start: int | None = None,
        stop: int | None = None,
    ) -> tuple[Points, int]:
        """At most `limit` points, every extreme among them, and how many there are."""
        points = self.read(metric, start, stop)
        if len(points) <= limit:
            return points, len(points)
        return points.take(choose(points, limit)), len(points)

    def sample_all(self, metrics: Sequence[Metric], limit: int) -> dict[int, Points]:
        """Samples of several series by their keys, in one query."""
        rows = MetricChunk.objects.filter(metric__in=metrics)
        parts: dict[int, list[Points]] = {}
        for row in rows.order_by("metric", "number").iterator():
            parts.setdefault(row.metric_id, []).append(points_of(row))
        found = {key: concatenate(held).in_step_order() for key, held in parts.items()}
        return {
            key: points.take(choose(points, limit)) if len(points) > limit else points
            for key, points in found.items()
        }

    def sample_long(self, metric: Metric, limit: int) -> tuple[Points, int] | None:
        """As `sample`, chunk by chunk: a long series is never whole in memory.

        None where that could miss something: chunks that are not all numbers, or whose
        steps are in no order.
        """
        parts: list[Points] = []
        total, last = 0, None
        for row in metric.chunks.order_by("number").iterator():
            points = points_of(row)
            if not points.is_numeric or (last is not None and row.min_step < last):
                return None
            total, last = total + len(points), row.max_step
            points = points.in_step_order()
            share = max(limit * KEPT * len(points) // max(metric.count, 1), LEAST)
            if len(points) > share:
                points = points.take(choose(points, share))
            parts.append(points)
        points = concatenate(parts)
        if len(points) > limit:
            points = points.take(choose(points, limit))
        return points, total

    def newest_all(self, metrics: Sequence[Metric], limit: int) -> dict[int, Points]:
        """The points of each series' last `limit` steps at least, by its key and in
        step order. At most two queries for `NAMED`, from where they probably begin.
        """
        starts = {metric.pk: _probable_start(metric, limit) for metric in metrics}
        found = _since(starts)
        short = {
            metric.pk: metric.first_step
            for metric in metrics
            if starts[metric.pk] > metric.first_step
            and len(np.unique(found[metric.pk].steps)) < limit
        }
        return {**found, **_since(short)}

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


def _probable_start(metric: Metric, limit: int) -> int:
    if metric.count <= 2 * limit:
        return metric.first_step
    span = metric.last_step - metric.first_step
    wanted = math.ceil(2 * limit * (span + 1) / metric.count)
    return max(metric.last_step - wanted, metric.first_step)


def _since(starts: Mapping[int, int]) -> dict[int, Points]:
    """The points from those steps on, by the series' keys; a query for each `NAMED`."""
    parts: dict[int, list[Points]] = {key: [] for key in starts}
    for some in batches(list(starts), NAMED):
        wanted = Q(pk__in=())
        for metric in some:
            wanted |= Q(metric=metric, max_step__gte=starts[metric])
        rows = MetricChunk.objects.filter(wanted).order_by("metric", "number")
        for row in rows.iterator():
            parts[row.metric_id].append(points_of(row))
    found = {key: concatenate(held) for key, held in parts.items()}
    return {
        key: points.take(points.steps >= starts[key]).in_step_order()
        for key, points in found.items()
    }


def _reaching(
    rows: QuerySet[MetricChunk], start: int | None, stop: int | None
) -> QuerySet[MetricChunk]:
    if start is not None:
        rows = rows.filter(max_step__gte=start)
    if stop is not None:
        rows = rows.filter(min_step__lte=stop)
    return rows


def _within(parts: Sequence[Points], start: int | None, stop: int | None) -> Points:
    points = concatenate(parts)
    if start is not None:
        points = points.take(points.steps >= start)
    if stop is not None:
        points = points.take(points.steps <= stop)
    return points.in_step_order()


def _are_apart(rows: Sequence[MetricChunk]) -> bool:
    """Whether no chunk's times reach into the next one's."""
    return all(one.max_time < other.min_time for one, other in itertools.pairwise(rows))


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
