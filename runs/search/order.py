"""What rows are ordered by, as SQL values without NULL, so that pages can be keyset.

A sort becomes parts: first a rank (0 has the value, then NaN, then none), always
ascending, so that what lacks the value comes last in both directions; then the value.
The last part is the primary key, newest first: the order of arrival. Sorts by arrival
and by what keys index are `segments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FloatField,
    IntegerField,
    OrderBy,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Substr
from django.db.models.lookups import Exact

from runs.models.functions import TEXT_LENGTH
from runs.search import attributes, keyed
from runs.search.expressions import Binary, Expr, Lowered
from runs.search.scope import COMMITS, Scope
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.statuses import CODES, RunStatus
from studio.core.viewtext import Sort

#: No time and no duration is so small.
_NOTHING = -(2**62)


@dataclass(frozen=True)
class Key:
    """A value that rows are ordered by. A rank is ascending whatever is asked."""

    value: Expr
    kind: type
    is_rank: bool = False


@dataclass(frozen=True)
class Part:
    """A key with its direction, annotated on the row as `name`."""

    name: str
    value: Expr
    kind: type
    descending: bool

    def order(self) -> OrderBy:
        return OrderBy(F(self.name), descending=self.descending)


def parts_of(sort: Sort, scope: Scope) -> list[Part]:
    """The parts of a sort that no index answers, the primary key last."""
    parts = [
        Part(f"order_{n}", key.value, key.kind, sort.descending and not key.is_rank)
        for n, key in enumerate(_keys(sort.field, scope))
    ]
    return [*parts, Part("pk", F("pk"), int, descending=True)]


def _keys(field: Field, scope: Scope) -> list[Key]:
    if field.kind == tree.ATTRIBUTE:
        return _ATTRIBUTES[field.key](scope)
    if field.kind == tree.METRICS:
        return _metric(field, scope)
    return [Key(keyed.children_count(field.key), int)]


def _metric(field: Field, scope: Scope) -> list[Key]:
    rows, name = keyed.metric_rows(field, scope), field.aggregate
    value = Subquery(rows.values(name)[:1], output_field=FloatField(null=True))
    whens = [When(_is_there(rows, **{f"{name}__isnull": False}), then=0)]
    if name in ("last", "first"):
        whens.append(When(_is_there(rows, **{f"{name}_is_nan": True}), then=1))
    return [_rank(*whens), Key(_or_else(value, 0.0, FloatField()), float)]


def _rank(*whens: When) -> Key:
    rank = Case(*whens, default=9, output_field=IntegerField())
    return Key(rank, int, is_rank=True)


def _is_there(rows: Any, **conditions: Any) -> Q:
    return Q(Exists(rows.filter(**conditions)))


def _or_else(value: Expr, default: float | str, kind: Any) -> Expr:
    return Coalesce(value, Value(default, output_field=kind), output_field=kind)


def ordered_text(text: Expr) -> Key:
    """By its characters in lower case, alike on every database."""
    known = Lowered(_or_else(text, "", TextField()))
    return Key(Binary(Substr(known, 1, TEXT_LENGTH)), str)


Keys = Callable[[Scope], list[Key]]


def _text(value: Callable[[Scope], Expr]) -> Keys:
    """A text that may be missing; an empty one is missing too."""

    def keys(scope: Scope) -> list[Key]:
        known = _or_else(value(scope), "", TextField())
        empty = Q(Exact(known, Value("", output_field=TextField())))
        return [_rank(When(~empty, then=0)), ordered_text(known)]

    return keys


def _column(name: str) -> Keys:
    return _text(lambda _: F(name))


def _exact_text(value: Callable[[Scope], Expr]) -> Keys:
    """Ids, which always are there and whose case matters."""
    return lambda scope: [Key(Binary(value(scope)), str)]


def _whole(value: Callable[[Scope], Expr]) -> Keys:
    return lambda scope: [Key(value(scope), int)]


def _maybe_whole(value: Callable[[Scope], Expr]) -> Keys:
    """A time or duration that may be missing."""

    def keys(scope: Scope) -> list[Key]:
        known = _or_else(value(scope), _NOTHING, BigIntegerField())
        nothing = Value(_NOTHING, output_field=BigIntegerField())
        return [_rank(When(~Q(Exact(known, nothing)), then=0)), Key(known, int)]

    return keys


def _truth(condition: Callable[[Scope], Q]) -> Keys:
    return _whole(
        lambda scope: Case(
            When(condition(scope), then=1), default=0, output_field=IntegerField()
        )
    )


def _commit(scope: Scope) -> Expr:
    found = [
        Subquery(keyed.text_rows(field, scope).values("value")[:1]) for field in COMMITS
    ]
    return Coalesce(*found, output_field=TextField(null=True))


def _status(_scope: Scope) -> Expr:
    """The statuses in the order of a run's life."""
    whens = [When(status=CODES[s], then=Value(n)) for n, s in enumerate(RunStatus)]
    return Case(*whens, output_field=IntegerField())


_ATTRIBUTES: Mapping[str, Keys] = {
    "id": _exact_text(lambda _: F("run_id")),
    "number": _whole(lambda _: F("number")),
    "name": _column("name"),
    "status": _whole(_status),
    "experiment": _column("experiment__name"),
    "submitter": _column("submitter__username"),
    "target": _column("target"),
    "type": _column("type"),
    "script": _column("script"),
    "error_kind": _column("error_kind"),
    "commit": _text(_commit),
    "started": _maybe_whole(lambda _: F("started")),
    "ended": _maybe_whole(lambda _: F("ended")),
    "updated": _whole(lambda _: F("updated")),
    "duration": _maybe_whole(lambda scope: attributes.duration(scope.now)),
    "parent": _column("parent_run_id"),
    "root": _exact_text(lambda _: attributes.root_id()),
    "starred": _truth(attributes.is_starred),
    "archived": _truth(lambda _: Q(archived__isnull=False)),
    "deleted": _truth(attributes.is_deleted),
    "locked": _truth(lambda _: Q(locked=True)),
    "artifact_uri": _exact_text(lambda _: attributes.artifact_uri()),
}
