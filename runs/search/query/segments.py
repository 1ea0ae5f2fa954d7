"""A sort as segments: runs with the value, then NaN or texts, then runs without it.

Each segment is read in the order of an index where there is one, one after the other,
until the page is full. So a page of a million runs sorted by a metric looks at a page
of metrics, and no segment after the one that fills it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, F, FloatField, OuterRef, Q, Subquery, TextField

from runs.models import RootMetric, RunQuerySet
from runs.models.functions import StartOrder, TextOrder
from runs.search.fields import SortIndex, ordered_text, source_of
from runs.search.query.order import Part, parts_of
from runs.search.query.query_plan import Lead, arrival_of
from runs.search.query.run_query import Question
from runs.search.sql import exists_conditions as keyed
from runs.search.sql.access_paths import INDEXED
from runs.search.sql.expressions import Expr
from studio.core.filters import tree
from studio.core.filters.sorts import Sort
from studio.core.filters.tree import Field

#: The rank of what lacks the value: last in both directions.
MISSING = 9


@dataclass(frozen=True)
class Segment:
    """Runs that belong together in an order, and what orders them.

    `rank` orders the segments and begins their cursors; None where there is only one.
    """

    rank: int | None
    parts: Sequence[Part]
    lead: Lead | None = None
    only: Q | None = None
    #: More runs of the same segment, which are come by in another way.
    also: Segment | None = None

    def runs(self, question: Question) -> RunQuerySet:
        """The question's runs in this segment, with what they are ordered by."""
        runs = question.runs(self.lead)
        if self.only is not None:
            runs = runs.filter(self.only)
        return runs.annotate(
            **{part.name: part.value for part in self.parts if part.name != "pk"}
        )


def segments_of(question: Question) -> list[Segment]:
    """The segments of the question's sort, in their order."""
    sort = question.spec.sort
    if question.sorts_by_best:
        return _best(question, sort)
    index = source_of(sort.field).index
    if index == SortIndex.METRIC and sort.field.aggregate not in INDEXED:
        index = None
    if index is None:
        return [_sorted_when_asked(question, sort)]
    return _BY_INDEX[index](question, sort)


def _sorted_when_asked(question: Question, sort: Sort) -> Segment:
    """All runs are read and sorted, for nothing holds them in this order.

    Without a lead they are read as they lie: the indexes that begin with the workspace
    look alike to SQLite, and in the order of another field each run is a jump.
    """
    lead, parts = question.way.to_page, parts_of(sort, question.scope)
    is_led = lead is not None or question.way.few is not None
    return Segment(None, parts, lead, None if is_led else Q(pk__gt=0))


def _created(question: Question, sort: Sort) -> list[Segment]:
    """Arrival is the order of the primary keys."""
    return [_by_arrival(question, None, sort.descending)]


def _by_arrival(
    question: Question, rank: int | None, descending: bool, only: Q | None = None
) -> Segment:
    lead = question.way.to_page
    return Segment(rank, [_arrival(lead, descending)], lead, only)


def _arrival(lead: Lead | None, descending: bool) -> Part:
    name = "pk" if lead is None else "arrival"
    return Part(name, arrival_of(lead), int, descending)


def _started(question: Question, sort: Sort) -> list[Segment]:
    start = Part("order_0", StartOrder(F("started")), int, sort.descending)
    has_start = Q(started__isnull=False)
    return [
        Segment(0, [start, _arrival(None, True)], only=has_start),
        _by_arrival(question, MISSING, True, ~has_start),
    ]


def _name(question: Question, sort: Sort) -> list[Segment]:
    """In the order of their index; among equal names the arrival follows it too."""
    down = sort.descending
    name = Part("order_0", TextOrder(F("name")), str, down)
    lead = None
    if question.way.few is None:
        # Told, for SQLite's planner would sort a large experiment.
        lead = Lead(Q(workspace=question.scope.workspace), "pk", ordered=True)
    parts = [name, Part("pk", F("pk"), int, down)]
    return [
        Segment(0, parts, lead, only=~Q(name="")),
        _by_arrival(question, MISSING, True, Q(name="")),
    ]


class _Keyed:
    """Makes the segments of a sort by a key.

    Few runs are asked for their values one by one; else the values are joined, in the
    order of their index.
    """

    def __init__(self, question: Question, field: Field) -> None:
        self.question, self.field = question, field
        self.is_metric = field.kind == tree.METRICS
        ask = keyed.metric_rows if self.is_metric else keyed.text_rows
        self.rows = ask(field, question.scope)
        self.key = question.scope.key(field)
        self.few = question.way.few is not None
        self.seen = Q()

    def column(self, name: str, kind: Any) -> Expr:
        if self.few:
            return Subquery(self.rows.values(name)[:1], output_field=kind)
        return F(f"{self.field.kind}__{name}")

    def segment(
        self,
        rank: int,
        conditions: Mapping[str, Any],
        *parts: Part,
        descending: bool = True,
    ) -> Segment:
        """The runs whose value fulfils the conditions."""
        self.seen |= Q(**conditions)
        if self.few:
            only = Q(Exists(self.rows.filter(**conditions)))
            return Segment(rank, [*parts, _arrival(None, descending)], only=only)
        prefix = f"{self.field.kind}__"
        join = Q(**{f"{prefix}{name}": value for name, value in conditions.items()})
        join &= Q(**{f"{prefix}key": self.key})
        lead = Lead(join, f"{prefix}run_id")
        return Segment(rank, [*parts, _arrival(lead, descending)], lead)

    def rest(self) -> Segment:
        """The runs that no segment has."""
        only = ~Q(Exists(self.rows.filter(self.seen))) if self.seen else None
        return _by_arrival(self.question, MISSING, True, only)


def _metric(question: Question, sort: Sort) -> list[Segment]:
    make, name, down = (
        _Keyed(question, sort.field),
        sort.field.aggregate,
        sort.descending,
    )
    if make.key is None:
        return [make.rest()]
    value = Part("order_0", make.column(name, FloatField(null=True)), float, down)
    found = [make.segment(0, {f"{name}__isnull": False}, value, descending=down)]
    if name == "last":
        found.append(make.segment(1, {"last__isnull": True, "last_is_nan": True}))
    return [*found, make.rest()]


def _text(question: Question, sort: Sort) -> list[Segment]:
    """Numbers by their size, then texts, then a tag that is only a word."""
    make, down = _Keyed(question, sort.field), sort.descending
    if make.key is None:
        return [make.rest()]
    number = Part("order_0", make.column("number", FloatField(null=True)), float, down)
    value = make.column("value", TextField(null=True))
    text = ordered_text(value).value if make.few else TextOrder(value)
    return [
        make.segment(0, {"number__isnull": False}, number, descending=down),
        make.segment(
            1,
            {"number__isnull": True, "value__isnull": False},
            Part("order_0", text, str, down),
            descending=down,
        ),
        make.segment(2, {"value__isnull": True}),
        make.rest(),
    ]


def _best(question: Question, sort: Sort) -> list[Segment]:
    """Roots by their own value, or else by the best one of their descendants.

    Two orders, of own values and of kept ones, are read side by side.
    """
    make, name, down = (
        _Keyed(question, sort.field),
        sort.field.aggregate,
        sort.descending,
    )
    if make.key is None:
        return [make.rest()]
    has_own = Q(**{f"{name}__isnull": False})
    if name == "last":
        has_own |= Q(last_is_nan=True)
    side = "max" if down else "min"
    kept = RootMetric.objects.filter(root=OuterRef("pk"), key=make.key)
    lacks_own = ~Q(Exists(make.rows.filter(has_own)))
    best: Expr
    if make.few:
        best = Subquery(kept.values(side)[:1], output_field=FloatField(null=True))
        only, lead = lacks_own & Q(Exists(kept)), None
    else:
        best, only = F(f"bests__{side}"), lacks_own
        lead = Lead(Q(bests__key=make.key), "bests__root_id")
    value = Part("order_0", make.column(name, FloatField(null=True)), float, down)
    own = make.segment(0, {f"{name}__isnull": False}, value, descending=down)
    parts = [Part("order_0", best, float, down), _arrival(lead, down)]
    found = [replace(own, also=Segment(0, parts, lead, only))]
    if name == "last":
        found.append(make.segment(1, {"last__isnull": True, "last_is_nan": True}))
    rest = make.rest()
    return [*found, replace(rest, only=(rest.only or Q()) & ~Q(Exists(kept)))]


_BY_INDEX: Mapping[SortIndex, Callable[[Question, Sort], list[Segment]]] = {
    SortIndex.ARRIVAL: _created,
    SortIndex.START: _started,
    SortIndex.NAME: _name,
    SortIndex.METRIC: _metric,
    SortIndex.TEXT: _text,
}
