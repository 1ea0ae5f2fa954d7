"""Read the whole result of a list, chunk by chunk.

Each chunk is a query of its own, well below the limit of five seconds, and no
transaction is open between two. Chunks start after the last row (keyset), so a million
rows cost a million rows. Where no index has the order, up to `MAX_SORTED_KEYS` runs are
sorted once; more runs come in the order of arrival, and `is_in_order` is false. A run
whose position changes during the export may come twice or not at all; arrival never
changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OrderBy

from runs.models import Experiment, Run, User, Workspace, now_ms
from runs.search.fields import HEAVY
from runs.search.query import (
    RowPosition,
    RunQuery,
    Segment,
    build_query,
    count_and_keep_candidates,
    rows_after,
    segment_sorted_by_database,
    segments_of,
)
from runs.search.run_list.run_columns import read_plain_columns
from runs.search.sql import time_limit
from runs.search.values import (
    Columns,
    ValueReader,
    own_columns_to_read,
    row_type,
)
from studio.core.filters.tree import Field, attribute
from studio.core.view_spec import DEFAULT_SORT, Column, ViewSpec

#: Rows of the first chunk, so that it is there at once, and of the others.
FIRST_CHUNK_ROWS, CHUNK_ROWS = 256, 2048
#: The same where texts are asked for that may have 64 KiB each.
HEAVY_CHUNK_ROWS = 128
#: Maximum number of keys to sort without an index.
MAX_SORTED_KEYS = 200_000


#: A row of `own_columns_to_read`, with the names of the columns as attributes.
LightRun = Any


@dataclass
class RunExport:
    """`chunks` have a list of values for each field. `total` is exact, or at least."""

    fields: tuple[Any, ...]
    chunks: Iterator[Columns]
    total: int
    total_is_exact: bool
    is_in_order: bool


@dataclass
class MatchingRuns:
    """The runs of a list, chunk by chunk, in its order if `is_in_order`."""

    run_query: RunQuery
    chunks: Iterator[list[LightRun]]
    total: int
    total_is_exact: bool
    is_in_order: bool


def find_matching_runs(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> MatchingRuns:
    """Every run that the spec matches; what is wrong with the question is raised here.

    Child runs that match lie flat.
    """
    asked = [column.field for column in spec.columns]
    spec = replace(spec, after="", before="", flat=True, group=None)
    run_query = build_query(
        spec,
        viewer,
        workspace,
        now=now_ms() if now is None else now,
        experiment=experiment,
        fields=[*asked, spec.sort.field],
    )
    keys: Sequence[int] | None = None
    is_in_order = True
    with time_limit():
        counts, run_query = count_and_keep_candidates(run_query)
        segments = segments_of(run_query)
        if any(segment.merged_with for segment in segments):
            # Each chunk would need rows of both orders.
            segments = [segment_sorted_by_database(run_query)]
        if not all(map(_has_index, segments)):
            keys = _read_sorted_keys(run_query, segments)
            is_in_order = keys is not None
    if not is_in_order:
        run_query = replace(run_query, spec=replace(spec, sort=DEFAULT_SORT))
    sizes = _ChunkSizes.for_fields([attribute("id"), *asked])
    if keys is None:
        chunks = _chunks_by_position(run_query, sizes)
    else:
        chunks = _chunks_by_keys(run_query, keys, sizes)
    return MatchingRuns(run_query, chunks, counts.total, counts.exact, is_in_order)


def export_runs(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> RunExport:
    """The matching runs with their ids and the columns of `exported_columns`."""
    columns = exported_columns(spec, spec.columns)
    asked = tuple(each.field for each in columns if each.field != attribute("id"))
    spec = replace(spec, columns=columns)
    found = find_matching_runs(spec, viewer, workspace, experiment=experiment, now=now)
    fields = (attribute("id"), *asked)
    chunks = _column_values(found.chunks, ValueReader(found.run_query.scope, fields))
    return RunExport(
        fields, chunks, found.total, found.total_is_exact, found.is_in_order
    )


@dataclass(frozen=True)
class _ChunkSizes:
    """What is read of a run, and how many runs at once."""

    columns: tuple[str, ...]
    first: int
    chunk: int

    @classmethod
    def for_fields(cls, fields: Sequence[Field]) -> _ChunkSizes:
        columns = own_columns_to_read(fields)
        if any(name in HEAVY for name in columns):
            return cls(columns, HEAVY_CHUNK_ROWS, HEAVY_CHUNK_ROWS)
        return cls(columns, FIRST_CHUNK_ROWS, CHUNK_ROWS)


def exported_columns(spec: ViewSpec, columns: Sequence[Column]) -> tuple[Column, ...]:
    """What a program is told of each run: where children are among the runs, their
    parents' ids too, since nothing else shows a program where a row hangs."""
    parent = Column(attribute("parent"))
    is_named = not spec.children or any(each.field == parent.field for each in columns)
    return tuple(columns) if is_named else (*columns, parent)


def _has_index(segment: Segment) -> bool:
    """Whether an index has its runs in order: one without a rank is sorted again."""
    return segment.rank is not None or len(segment.parts) == 1


def _read_sorted_keys(
    run_query: RunQuery, segments: Sequence[Segment]
) -> Sequence[int] | None:
    """The keys of all runs in their order; None where there are too many."""
    found: list[int] = []
    for segment in segments:
        runs = segment.select_runs(run_query).order_by(
            *(p.order() for p in segment.parts)
        )
        found += runs.values_list("pk", flat=True)[: MAX_SORTED_KEYS + 1 - len(found)]
        if len(found) > MAX_SORTED_KEYS:
            return None
    return found


def _chunks_by_keys(
    run_query: RunQuery, keys: Sequence[int], sizes: _ChunkSizes
) -> Iterator[list[LightRun]]:
    start, size = 0, sizes.first
    make = row_type(sizes.columns)
    while start < len(keys):
        some = keys[start : start + size]
        with time_limit():
            # They matched a moment ago; what was deleted since is not there any more.
            rows = run_query.filter_runs(Run.objects.filter(pk__in=some))
            found = {row[0]: make(row) for row in rows.values_list(*sizes.columns)}
        yield [found[key] for key in some if key in found]
        start, size = start + size, sizes.chunk


def _chunks_by_position(
    run_query: RunQuery, sizes: _ChunkSizes
) -> Iterator[list[LightRun]]:
    size, width = sizes.first, len(sizes.columns)
    make = row_type(sizes.columns)
    for segment in segments_of(run_query):
        place: RowPosition | None = None
        names = [part.name for part in segment.parts]
        more = [name for name in names if name != "pk"]
        while True:
            with time_limit():
                rows = _runs_from_position(segment, run_query, place)
                found = list(rows.values_list(*sizes.columns, *more)[:size])
            if found:
                yield [make(row[:width]) for row in found]
            if len(found) < size:
                break
            last = found[-1]
            values = dict(zip(["pk", *more], [last[0], *last[width:]], strict=True))
            place, size = [values[name] for name in names], sizes.chunk


def _runs_from_position(
    segment: Segment, run_query: RunQuery, place: RowPosition | None
) -> Any:
    runs = segment.select_runs(run_query)
    if place is not None:
        runs = runs.filter(rows_after(segment.parts, place, backwards=False))
    order: list[OrderBy] = [part.order() for part in segment.parts]
    return runs.order_by(*order)


def _column_values(
    chunks: Iterator[list[LightRun]], reader: ValueReader
) -> Iterator[Columns]:
    for runs in chunks:
        if runs:
            with time_limit():
                found = read_plain_columns(reader, runs)
            yield found
