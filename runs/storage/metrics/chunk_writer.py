"""Decide which chunk rows an append writes, and write them with the heads.

The last chunk can be a tail: up to 256 points, which each append rewrites. A full tail
is merged into the chunk before it, up to 8,192 points, and a new tail begins. So an
append writes little, and a million points are about 123 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db.models import Max

from runs.models import Metric, MetricChunk
from runs.storage.metrics.chunks import JSON, choose_encoding, pack, unpack_row
from runs.storage.metrics.points import Points, concatenate
from runs.storage.prepared import (
    Prepared,
    PreparedDelete,
    PreparedInsert,
    PreparedRows,
    PreparedUpdate,
)

TAIL_POINTS = 256
TAIL_BYTES = 64 * 1024
CHUNK_POINTS = 8192
#: The approximate size of a JSON chunk; a single value can be larger.
JSON_CHUNK_BYTES = 1024 * 1024

#: Columns of a head that every append changes, and those that few appends change.
#: Writing `min` or `max` also updates the indexes that sort lists.
HOT_COLUMNS = (
    *("count", "last", "last_is_nan", "last_text", "last_step", "last_time"),
    "next_step",
)
COLD_COLUMNS = ("min", "max", "first", "first_is_nan", "first_step", "first_time")

_tails = Prepared(
    lambda heads: MetricChunk.objects.filter(metric__id__in=heads, sealed=False)
)
_last_numbers = PreparedRows(
    lambda heads: (
        MetricChunk.objects.filter(metric__id__in=heads)
        .values_list("metric_id")
        .annotate(top=Max("number"))
    )
)
_short_before = Prepared(
    # Texts can be long, so JSON chunks stay as short as a tail.
    lambda head, number, full: MetricChunk.objects.filter(
        metric_id=head, number=number, count__lt=full
    ).exclude(encoding=JSON)
)
_delete_chunk = PreparedDelete(lambda pk: MetricChunk.objects.filter(pk=pk))
_insert_chunks = PreparedInsert(
    MetricChunk,
    unique=["metric", "number"],
    update=[
        *("encoding", "sealed", "count", "min_step", "max_step"),
        *("min_time", "max_time", "data", "notes"),
    ],
)
_update_hot = PreparedUpdate(
    lambda pk, *values: (
        Metric.objects.filter(pk=pk),
        dict(zip(HOT_COLUMNS, values, strict=True)),
    )
)
_update_all = PreparedUpdate(
    lambda pk, *values: (
        Metric.objects.filter(pk=pk),
        dict(zip(HOT_COLUMNS + COLD_COLUMNS, values, strict=True)),
    )
)


def load_tail_chunks(heads: Sequence[Metric]) -> dict[int, MetricChunk]:
    rows = _tails.all([head.pk for head in heads if head.count])
    return {row.metric_id: row for row in rows}


def next_chunk_numbers(heads: Sequence[Metric]) -> dict[int, int]:
    rows = _last_numbers.all([head.pk for head in heads if head.count])
    return {pk: number + 1 for pk, number in rows}


def extend_series(
    head: Metric, tail: MetricChunk | None, points: Points, number: int
) -> list[MetricChunk]:
    """Build the rows that append `points`; they replace the rows with their numbers.

    Deletes the tail if it is merged into the chunk before it.
    """
    pending = concatenate([unpack_row(tail), points] if tail else [points])
    number = tail.number if tail else number
    row = _chunk_row(head, number, pending)
    if len(pending) < TAIL_POINTS and len(row.data) <= TAIL_BYTES:
        return [row]
    before = None
    if number and row.encoding != JSON:
        before = _short_before.first(head.pk, number - 1, CHUNK_POINTS)
    if before:
        pending = concatenate([unpack_row(before), pending])
        number = before.number
    parts = list(_split_points(pending, _max_points_of_chunk(row)))
    sealed = [
        _chunk_row(head, number + index, part) for index, part in enumerate(parts)
    ]
    for row in sealed:
        row.sealed = True
    # The number of a merged tail is free for the next one.
    if tail and sealed[-1].number < tail.number:
        _delete_chunk(tail.pk)
    return sealed


def _max_points_of_chunk(row: MetricChunk) -> int:
    """Count the points of a chunk like `row`; large values make few."""
    if row.encoding != JSON:
        return CHUNK_POINTS
    # By the average size of the values so far.
    return max(1, min(TAIL_POINTS, JSON_CHUNK_BYTES * row.count // len(row.data)))


def _split_points(points: Points, size: int) -> Iterable[Points]:
    for start in range(0, len(points), size):
        yield points.take(np.arange(start, min(start + size, len(points))))


def _chunk_row(head: Metric, number: int, points: Points) -> MetricChunk:
    # Keys of JSON objects are texts, so the indexes are kept in pairs.
    notes: Any = sorted(points.notes.items()) or None
    return MetricChunk(
        metric=head,
        number=number,
        encoding=choose_encoding(points),
        count=len(points),
        min_step=int(points.steps.min()),
        max_step=int(points.steps.max()),
        min_time=int(points.times.min()),
        max_time=int(points.times.max()),
        data=pack(points),
        notes=notes,
    )


def save_chunks(rows: Sequence[MetricChunk]) -> None:
    _insert_chunks(rows)


def save_heads(grown: Sequence[Metric], *, wholly: Sequence[Metric]) -> None:
    """Write the hot columns of `grown`, and all columns of `wholly`."""
    _update_hot.execute_many(
        [(head.pk, *_column_values(head, HOT_COLUMNS)) for head in grown]
    )
    _update_all.execute_many(
        [
            (head.pk, *_column_values(head, HOT_COLUMNS + COLD_COLUMNS))
            for head in wholly
        ]
    )


def _column_values(head: Metric, names: Sequence[str]) -> list[Any]:
    return [getattr(head, name) for name in names]
