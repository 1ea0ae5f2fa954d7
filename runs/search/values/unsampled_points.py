"""All values that runs logged, in the order of their arrival, part by part.

What a script gets back of its metrics is what it logged, so nothing is sampled here; a
part holds as many points as its reader asked for, and a cursor says where it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import pgettext

from runs.models import Metric, MetricChunk, Run
from runs.search.sql import time_limit
from runs.storage.metrics import unpack_row
from studio.core.batches import batches
from studio.core.errors import InvalidValue
from studio.core.names import SYSTEM_METRIC_PREFIX

#: Maximum series of a part: finding more takes too long for a request.
MAX_SERIES = 2000
#: Series of few points are read many at once.
MAX_SHORT_POINTS, SERIES_PER_QUERY = 50, 100


@dataclass(frozen=True)
class LoggedPoints:
    """Some values of a series of a run."""

    run_id: str
    key: str
    kind: str
    values: list[Any]


@dataclass(frozen=True)
class LoggedPointsCursor:
    """Where to go on: a series' primary key, and how many of its points were read."""

    metric: int
    offset: int


def read_points_cursor(text: str) -> LoggedPointsCursor:
    """Reverse `write_points_cursor`. Raises InvalidValue for other text."""
    metric, _point, offset = text.partition(".")
    # Up to 18 digits always fit into the 64 bits of the database.
    if not all(
        word.isascii() and word.isdigit() and len(word) < 19
        for word in (metric, offset)
    ):
        raise InvalidValue(
            pgettext("request parameter", "after is not a cursor of this list."),
            field="after",
        )
    return LoggedPointsCursor(int(metric), int(offset))


def write_points_cursor(place: LoggedPointsCursor | None) -> str:
    return f"{place.metric}.{place.offset}" if place else ""


def read_unsampled_points(
    runs: Sequence[Run],
    *,
    key: str = "",
    with_system: bool = True,
    limit: int,
    after: LoggedPointsCursor | None = None,
) -> tuple[list[LoggedPoints], LoggedPointsCursor | None]:
    """The next `limit` points of the runs' series, and where the rest begins.

    A point counts by its size: a row of ten columns is ten. Without `with_system`, the
    metrics of the machine are left out.
    """
    names = {run.pk: run.run_id for run in runs}
    parts: list[LoggedPoints] = []
    left = limit
    with time_limit():
        wanted = Q(key__name=key) if key else Q()
        if not with_system:
            wanted &= ~Q(key__name__startswith=SYSTEM_METRIC_PREFIX)
        heads = _metric_heads(list(names), wanted, after)
        for head, chunks in _pair_with_chunks(heads[:MAX_SERIES]):
            skipped = after.offset if after and after.metric == head.pk else 0
            values = _read_series_points(head, chunks, skipped, left)
            if values:
                parts.append(
                    LoggedPoints(names[head.run_id], head.key.name, head.kind, values)
                )
            left -= sum(map(_count_items, values))
            if left <= 0:
                return parts, LoggedPointsCursor(head.pk, skipped + len(values))
    rest = heads[MAX_SERIES:]
    return parts, LoggedPointsCursor(rest[0].pk, 0) if rest else None


def _metric_heads(
    runs: Sequence[int], wanted: Q, after: LoggedPointsCursor | None
) -> list[Metric]:
    if after:
        wanted &= Q(pk__gte=after.metric)
    found: list[Metric] = []
    for some in batches(runs):
        heads = Metric.objects.filter(wanted, run__in=some).select_related("key")
        # One series more than the limit shows where the rest begins.
        found += heads.order_by("pk")[: MAX_SERIES + 1]
    return sorted(found, key=lambda head: head.pk)[: MAX_SERIES + 1]


def _pair_with_chunks(
    heads: Sequence[Metric],
) -> Iterator[tuple[Metric, list[MetricChunk] | None]]:
    """Each series; with its chunks where it is short, read for many at once."""
    for some in batches(heads, SERIES_PER_QUERY):
        short = [head.pk for head in some if head.count <= MAX_SHORT_POINTS]
        chunks: dict[int, list[MetricChunk]] = {key: [] for key in short}
        for row in MetricChunk.objects.filter(metric__in=short).order_by("number"):
            chunks[row.metric_id].append(row)
        for head in some:
            yield head, chunks.get(head.pk)


def _read_series_points(
    head: Metric, chunks: list[MetricChunk] | None, skipped: int, limit: int
) -> list[Any]:
    """From the point `skipped` on, chunk by chunk until there are about `limit`."""
    values: list[Any] = []
    if chunks is not None:
        for row in chunks:
            values += unpack_row(row).python_values()
        return values[skipped : skipped + limit]
    size, begin = 0, 0
    counts = MetricChunk.objects.filter(metric=head).order_by("number")
    for number, count in counts.values_list("number", "count"):
        # Chunk by chunk, since a long series need not fit into memory.
        if begin + count > skipped and size < limit:
            row = MetricChunk.objects.get(metric=head, number=number)
            found = unpack_row(row).python_values()[max(skipped - begin, 0) :]
            values += found
            size += sum(map(_count_items, found))
        begin += count
    return values


def _count_items(value: Any) -> int:
    return max(len(value), 1) if isinstance(value, list | dict) else 1
