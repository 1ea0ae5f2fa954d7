"""What rows are ordered by, as SQL values without NULL, so that pages can be keyset.

A sort becomes parts: first a rank (0 has the value, then NaN, then none), always
ascending, so that what lacks the value comes last in both directions; then the value.
The last part is the primary key, newest first: the order of arrival. Sorts by arrival
and by what keys index are `segments`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, OrderBy

from runs.search.fields import source_of
from runs.search.sql.expressions import Expr
from runs.search.sql.scope import Scope
from studio.core.filters.sorts import Sort


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
    keys = source_of(sort.field).sort
    assert keys is not None, sort.field
    parts = [
        Part(f"order_{n}", key.value, key.kind, sort.descending and not key.is_rank)
        for n, key in enumerate(keys(sort.field, scope))
    ]
    return [*parts, Part("pk", F("pk"), int, descending=True)]
