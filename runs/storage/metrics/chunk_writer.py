"""How a series grows: which rows of chunks an append writes.

The last chunk may be a tail: up to 256 points, rewritten by each append. When it is
full it grows the chunk before it, up to 8,192 points, and a new tail begins. So an
append writes little, and a million points are about 123 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db.models import Max

from runs.models import Metric, MetricChunk
from runs.storage import chunks
from runs.storage.chunks import points_of
from runs.storage.points import Points, concatenate
from runs.storage.prepared import Prepared, PreparedDelete, PreparedRows, PreparedUpdate
from runs.storage.prepared_insert import PreparedInsert

TAIL_POINTS = 256
TAIL_BYTES = 64 * 1024
CHUNK_POINTS = 8192
#: About so much is in a chunk of JSON, unless it is one value.
JSON_BYTES = 1024 * 1024

#: What every append changes of a head, and what few do: lists are sorted by `min` and
#: `max`, so writing them costs more than itself.
OFTEN = (
    *("count", "last", "last_is_nan", "last_text", "last_step", "last_time"),
    "next_step",
)
SELDOM = ("min", "max", "first", "first_is_nan", "first_step", "first_time")

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
    # Texts may be long: chunks of JSON stay as short as a tail.
    lambda head, number: MetricChunk.objects.filter(
        metric_id=head, number=number, count__lt=CHUNK_POINTS
    ).exclude(encoding=chunks.JSON)
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
_update_often = PreparedUpdate(
    lambda pk, *values: (
        Metric.objects.filter(pk=pk),
        dict(zip(OFTEN, values, strict=True)),
    )
)
_update_all = PreparedUpdate(
    lambda pk, *values: (
        Metric.objects.filter(pk=pk),
        dict(zip(OFTEN + SELDOM, values, strict=True)),
    )
)


def tails_of(heads: Sequence[Metric]) -> dict[int, MetricChunk]:
    rows = _tails.all([head.pk for head in heads if head.count])
    return {row.metric_id: row for row in rows}


def next_numbers(heads: Sequence[Metric]) -> dict[int, int]:
    rows = _last_numbers.all([head.pk for head in heads if head.count])
    return {pk: number + 1 for pk, number in rows}


def grow(
    head: Metric, tail: MetricChunk | None, points: Points, number: int
) -> list[MetricChunk]:
    """The rows to write so that `points` follow: they replace those of their numbers,
    and what they make superfluous is deleted.
    """
    pending = concatenate([points_of(tail), points] if tail else [points])
    number = tail.number if tail else number
    row = _row(head, number, pending)
    if len(pending) < TAIL_POINTS and len(row.data) <= TAIL_BYTES:
        return [row]
    before = None
    if number and row.encoding != chunks.JSON:
        before = _short_before.first(head.pk, number - 1)
    if before:
        pending = concatenate([points_of(before), pending])
        number = before.number
    pieces = list(_pieces(pending, _chunk_size(row)))
    sealed = [_row(head, number + index, piece) for index, piece in enumerate(pieces)]
    for row in sealed:
        row.sealed = True
    if tail and sealed[-1].number < tail.number:
        _delete_chunk(tail.pk)
    return sealed


def _chunk_size(row: MetricChunk) -> int:
    """How many points make a chunk of what `row` holds; large values make few."""
    if row.encoding != chunks.JSON:
        return CHUNK_POINTS
    return max(1, min(TAIL_POINTS, JSON_BYTES * row.count // len(row.data)))


def _pieces(points: Points, size: int) -> Iterable[Points]:
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


def save_chunks(rows: Sequence[MetricChunk]) -> None:
    _insert_chunks(rows)


def save_heads(grown: Sequence[Metric], *, wholly: Sequence[Metric]) -> None:
    """Write what an append changes often of `grown`, and the others wholly."""
    _update_often.each([(head.pk, *_values(head, OFTEN)) for head in grown])
    _update_all.each([(head.pk, *_values(head, OFTEN + SELDOM)) for head in wholly])


def _values(head: Metric, names: Sequence[str]) -> list[Any]:
    return [getattr(head, name) for name in names]
