"""Split a sort into segments: runs with the value, NaN or texts, runs without it.

Segments are read one after the other, in the order of an index where there is one,
until the page is full. So a page of a million runs sorted by a metric reads one page of
metrics, and no segment after the one that fills the page.

A segment is ordered by its parts, SQL values without NULL, so that a cursor can name a
row. Where no index helps, a rank comes first (0 has the value, then NaN, then none), so
that runs without the value come last in both directions. The last part is the primary
key, newest first: the order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import (
    Exists,
    F,
    FloatField,
    OrderBy,
    OuterRef,
    Q,
    Subquery,
    TextField,
)

from runs.models import RootMetric, RunQuerySet
from runs.models.functions import StartOrder, TextOrder, recorded_duration
from runs.search.fields import (
    HAS_DURATION,
    IS_CONTINUING,
    SortIndex,
    duration_expression,
    source_of,
    text_sort_key,
)
from runs.search.query.query_plan import LeadScan, arrival_order
from runs.search.query.run_query import RunQuery
from runs.search.sql import INDEXED_AGGREGATES, Expr, Scope, metric_rows, text_rows
from studio.core.filters import tree
from studio.core.filters.fields import Sort
from studio.core.filters.tree import Field

#: The rank of what lacks the value: last in both directions.
MISSING = 9


@dataclass(frozen=True)
class SortPart:
    """A sort key with its direction, annotated on the row as `name`."""

    name: str
    value: Expr
    value_type: type
    descending: bool

    def order(self) -> OrderBy:
        return OrderBy(F(self.name), descending=self.descending)


def sort_parts(sort: Sort, scope: Scope) -> list[SortPart]:
    """The parts of a sort that no index answers, the primary key last."""
    keys = source_of(sort.field).sort
    assert keys is not None, sort.field
    parts = [
        SortPart(f"order_{n}", key.value, key.kind, sort.descending and not key.is_rank)
        for n, key in enumerate(keys(sort.field, scope))
    ]
    return [*parts, SortPart("pk", F("pk"), int, descending=True)]


@dataclass(frozen=True)
class Segment:
    """Runs that are read in one order, and what orders them.

    `rank` orders the segments and starts their cursors; None if there is only one.
    """

    rank: int | None
    parts: Sequence[SortPart]
    lead: LeadScan | None = None
    only: Q | None = None
    #: More runs of the same segment, which are read from another index.
    merged_with: Segment | None = None

    def select_runs(self, run_query: RunQuery) -> RunQuerySet:
        """The matching runs of this segment, with what they are ordered by."""
        runs = run_query.runs(self.lead)
        if self.only is not None:
            runs = runs.filter(self.only)
        return runs.annotate(
            **{part.name: part.value for part in self.parts if part.name != "pk"}
        )


def segments_of(run_query: RunQuery) -> list[Segment]:
    """The segments of the query's sort, in their order."""
    sort = run_query.spec.sort
    if run_query.sorts_by_best:
        return _segments_by_best(run_query, sort)
    index = source_of(sort.field).index
    if index == SortIndex.METRIC and sort.field.aggregate not in INDEXED_AGGREGATES:
        index = None
    if index is None:
        return [segment_sorted_by_database(run_query)]
    return _BY_INDEX[index](run_query, sort)


def segment_sorted_by_database(run_query: RunQuery) -> Segment:
    """Read and sort all runs, since no index has them in this order.

    Without a lead they are read in the order of the table: the indexes that start with
    the workspace look the same to SQLite, and each run in another order is a jump.
    """
    lead = run_query.plan.page_lead
    parts = sort_parts(run_query.spec.sort, run_query.scope)
    is_led = lead is not None or run_query.plan.candidates is not None
    return Segment(None, parts, lead, None if is_led else Q(pk__gt=0))


def _segments_by_created(run_query: RunQuery, sort: Sort) -> list[Segment]:
    """Arrival is the order of the primary keys."""
    return [_segment_by_arrival(run_query, None, sort.descending)]


def _segment_by_arrival(
    run_query: RunQuery, rank: int | None, descending: bool, only: Q | None = None
) -> Segment:
    lead = run_query.plan.page_lead
    return Segment(rank, [_arrival_sort_part(lead, descending)], lead, only)


def _arrival_sort_part(lead: LeadScan | None, descending: bool) -> SortPart:
    name = "pk" if lead is None else "arrival"
    return SortPart(name, arrival_order(lead), int, descending)


def _segments_by_started(run_query: RunQuery, sort: Sort) -> list[Segment]:
    start = SortPart("order_0", StartOrder(F("started")), int, sort.descending)
    has_start = Q(started__isnull=False)
    return [
        Segment(0, [start, _arrival_sort_part(None, True)], only=has_start),
        _segment_by_arrival(run_query, MISSING, True, ~has_start),
    ]


def _segments_by_duration(run_query: RunQuery, sort: Sort) -> list[Segment]:
    """Ended runs in the order of their index, merged with the others in another."""
    recorded, until_now = (
        SortPart("order_0", length, int, sort.descending)
        for length in (recorded_duration(), duration_expression(run_query.scope.now))
    )
    pk = _arrival_sort_part(None, True)
    continuing = Segment(0, [until_now, pk], only=IS_CONTINUING)
    ended = Segment(0, [recorded, pk], _own_index_lead(run_query), HAS_DURATION)
    has_none = ~(HAS_DURATION | IS_CONTINUING)
    return [
        replace(ended, merged_with=continuing),
        _segment_by_arrival(run_query, MISSING, True, has_none),
    ]


def _segments_by_name(run_query: RunQuery, sort: Sort) -> list[Segment]:
    """In the order of the index on names, which has equal names by arrival."""
    descending = sort.descending
    name = SortPart("order_0", TextOrder(F("name")), str, descending)
    parts = [name, SortPart("pk", F("pk"), int, descending)]
    return [
        Segment(0, parts, _own_index_lead(run_query), only=~Q(name="")),
        _segment_by_arrival(run_query, MISSING, True, Q(name="")),
    ]


def _own_index_lead(run_query: RunQuery) -> LeadScan | None:
    """Without it, SQLite's planner would sort a large experiment."""
    if run_query.plan.candidates is not None:
        return None
    return LeadScan(Q(workspace=run_query.scope.workspace), "pk", is_ordered=True)


class _KeyedSegments:
    """Builds the segments of a sort by a tag, parameter, property or metric.

    Values of few candidates are looked up one by one; otherwise values are joined, in
    the order of their index.
    """

    def __init__(self, run_query: RunQuery, field: Field) -> None:
        self.run_query, self.field = run_query, field
        self.is_metric = field.kind == tree.METRICS
        keyed_rows_of = metric_rows if self.is_metric else text_rows
        self.rows = keyed_rows_of(field, run_query.scope)
        self.key = run_query.scope.key(field)
        self.candidates = run_query.plan.candidates is not None
        self.covered = Q()

    def column(self, name: str, value_type: Any) -> Expr:
        if self.candidates:
            return Subquery(self.rows.values(name)[:1], output_field=value_type)
        return F(f"{self.field.kind}__{name}")

    def segment(
        self,
        rank: int,
        required: Mapping[str, Any],
        *parts: SortPart,
        descending: bool = True,
    ) -> Segment:
        """The runs whose value fulfills what is required."""
        self.covered |= Q(**required)
        if self.candidates:
            only = Q(Exists(self.rows.filter(**required)))
            return Segment(
                rank, [*parts, _arrival_sort_part(None, descending)], only=only
            )
        prefix = f"{self.field.kind}__"
        join = Q(**{f"{prefix}{name}": value for name, value in required.items()})
        join &= Q(**{f"{prefix}key": self.key})
        lead = LeadScan(join, f"{prefix}run_id")
        return Segment(rank, [*parts, _arrival_sort_part(lead, descending)], lead)

    def remaining_segment(self) -> Segment:
        """The runs that are in no other segment."""
        only = ~Q(Exists(self.rows.filter(self.covered))) if self.covered else None
        return _segment_by_arrival(self.run_query, MISSING, True, only)


def _segments_by_metric(run_query: RunQuery, sort: Sort) -> list[Segment]:
    segments, name, descending = (
        _KeyedSegments(run_query, sort.field),
        sort.field.aggregate,
        sort.descending,
    )
    if segments.key is None:
        return [segments.remaining_segment()]
    value = SortPart(
        "order_0", segments.column(name, FloatField(null=True)), float, descending
    )
    found = [
        segments.segment(0, {f"{name}__isnull": False}, value, descending=descending)
    ]
    # The database has no NaN: a flag says that the last value was one.
    if name == "last":
        found.append(segments.segment(1, {"last__isnull": True, "last_is_nan": True}))
    return [*found, segments.remaining_segment()]


def _segments_by_text(run_query: RunQuery, sort: Sort) -> list[Segment]:
    """Numbers by size, then texts, then tags without a value."""
    segments, descending = _KeyedSegments(run_query, sort.field), sort.descending
    if segments.key is None:
        return [segments.remaining_segment()]
    number = SortPart(
        "order_0", segments.column("number", FloatField(null=True)), float, descending
    )
    value = segments.column("value", TextField(null=True))
    text = text_sort_key(value).value if segments.candidates else TextOrder(value)
    return [
        segments.segment(0, {"number__isnull": False}, number, descending=descending),
        segments.segment(
            1,
            {"number__isnull": True, "value__isnull": False},
            SortPart("order_0", text, str, descending),
            descending=descending,
        ),
        segments.segment(2, {"value__isnull": True}),
        segments.remaining_segment(),
    ]


def _segments_by_best(run_query: RunQuery, sort: Sort) -> list[Segment]:
    """Roots by their own value, or else by the best value of their descendants.

    Two orders, of own values and of kept best values, are merged.
    """
    segments, name, descending = (
        _KeyedSegments(run_query, sort.field),
        sort.field.aggregate,
        sort.descending,
    )
    if segments.key is None:
        return [segments.remaining_segment()]
    has_own = Q(**{f"{name}__isnull": False})
    if name == "last":
        has_own |= Q(last_is_nan=True)
    # The best value below a root is the one that places it first.
    side = "max" if descending else "min"
    kept = RootMetric.objects.filter(root=OuterRef("pk"), key=segments.key)
    # A root with a value of its own is in the other order.
    lacks_own = ~Q(Exists(segments.rows.filter(has_own)))
    best: Expr
    if segments.candidates:
        best = Subquery(kept.values(side)[:1], output_field=FloatField(null=True))
        only, lead = lacks_own & Q(Exists(kept)), None
    else:
        best, only = F(f"bests__{side}"), lacks_own
        lead = LeadScan(Q(bests__key=segments.key), "bests__root_id")
    value = SortPart(
        "order_0", segments.column(name, FloatField(null=True)), float, descending
    )
    own = segments.segment(0, {f"{name}__isnull": False}, value, descending=descending)
    parts = [
        SortPart("order_0", best, float, descending),
        _arrival_sort_part(lead, descending),
    ]
    found = [replace(own, merged_with=Segment(0, parts, lead, only))]
    if name == "last":
        found.append(segments.segment(1, {"last__isnull": True, "last_is_nan": True}))
    remaining_segment = segments.remaining_segment()
    # Roots with a kept best value are in the merged segment.
    return [
        *found,
        replace(
            remaining_segment, only=(remaining_segment.only or Q()) & ~Q(Exists(kept))
        ),
    ]


_BY_INDEX: Mapping[SortIndex, Callable[[RunQuery, Sort], list[Segment]]] = {
    SortIndex.ARRIVAL: _segments_by_created,
    SortIndex.START: _segments_by_started,
    SortIndex.DURATION: _segments_by_duration,
    SortIndex.NAME: _segments_by_name,
    SortIndex.METRIC: _segments_by_metric,
    SortIndex.TEXT: _segments_by_text,
}
