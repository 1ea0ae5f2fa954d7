"""Every point of the metrics of a list's runs: nothing is sampled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from runs.models import Metric, MetricChunk
from runs.search.run_list.export import MatchingRuns
from runs.search.sql import time_limit
from runs.storage.metrics import Points, unpack_row

#: Points of several series that are read by one query, and chunks of a longer one.
BATCH_POINTS, BATCH_CHUNKS = 200_000, 64

Head = tuple[int, int, str, int]


@dataclass(frozen=True)
class SeriesPart:
    """Some points of a series; one without points says that `runs` more were read."""

    run_id: str
    key: str
    points: Points | None
    runs: int = 0


def read_histories(matching: MatchingRuns) -> Iterator[SeriesPart]:
    """In the order of the runs, of a run's metrics, and of the points' arrival."""
    for runs in matching.chunks:
        names = {run.pk: run.run_id for run in runs}
        place = {run.pk: at for at, run in enumerate(runs)}
        with time_limit():
            rows = Metric.objects.filter(run__in=list(names)).order_by("key__name")
            heads = list(rows.values_list("pk", "run_id", "key__name", "count"))
        # Sorting keeps the order by name among the metrics of a run.
        heads.sort(key=lambda head: place[head[1]])
        for some in _metric_batches(heads):
            names_by_key = {pk: (names[run], key) for pk, run, key, _count in some}
            for metric, points in _read_chunks([head[0] for head in some]):
                yield SeriesPart(*names_by_key[metric], points)
        yield SeriesPart("", "", None, len(runs))


def _metric_batches(heads: Sequence[Head]) -> Iterator[list[Head]]:
    batch: list[Head] = []
    size = 0
    for head in heads:
        if batch and size + head[3] > BATCH_POINTS:
            yield batch
            batch, size = [], 0
        batch.append(head)
        size += head[3]
    if batch:
        yield batch


def _read_chunks(metrics: Sequence[int]) -> Iterator[tuple[int, Points]]:
    """The chunks of short series at once, of one statement; of a long one in parts."""
    if len(metrics) == 1:
        yield from _read_series_in_parts(metrics[0])
        return
    place = {metric: at for at, metric in enumerate(metrics)}
    with time_limit():
        rows = list(MetricChunk.objects.filter(metric__in=metrics))
    rows.sort(key=lambda row: (place[row.metric_id], row.number))
    for row in rows:
        yield row.metric_id, unpack_row(row)


def _read_series_in_parts(metric: int) -> Iterator[tuple[int, Points]]:
    """By the places of the points: while a run goes on, its last chunk is taken into
    the one before it and leaves its number to newer points.
    """
    first = before = taken = 0
    while True:
        with time_limit():
            rows = MetricChunk.objects.filter(metric=metric, number__gte=first)
            found = list(rows.order_by("number")[:BATCH_CHUNKS])
        end = before
        for row in found:
            end += row.count
            if end > taken:
                new = np.arange(row.count - min(end - taken, row.count), row.count)
                yield metric, unpack_row(row).take(new)
                taken = end
        if len(found) < BATCH_CHUNKS:
            return
        # Of what was read, only the last two chunks can still change.
        before = end - found[-2].count - found[-1].count
        first = found[-2].number
