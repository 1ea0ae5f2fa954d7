"""What fields are sorted by, as SQL values without NULL: ranks, texts, numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    IntegerField,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Substr
from django.db.models.lookups import Exact

from runs.models.functions import SORTED_CHARS
from runs.search.sql import ByCharacter, Expr, Lowered, Scope
from studio.core.filters.tree import Field

#: No time and no duration is so small.
_NOTHING = -(2**62)


@dataclass(frozen=True)
class SortKey:
    """A value that rows are ordered by. A rank is ascending whatever is asked."""

    value: Expr
    kind: type
    is_rank: bool = False


Sorting = Callable[[Field, Scope], list[SortKey]]
OfScope = Callable[[Scope], Expr]


def rank_sort_key(*whens: When) -> SortKey:
    # 9 is the rank of runs without the value (`segments.MISSING`).
    found = Case(*whens, default=9, output_field=IntegerField())
    return SortKey(found, int, is_rank=True)


def coalesce_with_default(value: Expr, default: float | str, kind: Any) -> Expr:
    return Coalesce(value, Value(default, output_field=kind), output_field=kind)


def text_sort_key(text: Expr) -> SortKey:
    """By its characters in lower case, the same order on every database."""
    known = Lowered(coalesce_with_default(text, "", TextField()))
    return SortKey(ByCharacter(Substr(known, 1, SORTED_CHARS)), str)


def sort_by_text(value: OfScope) -> Sorting:
    """A text that may be missing; an empty one is missing too."""

    def sort_keys(_field: Field, scope: Scope) -> list[SortKey]:
        known = coalesce_with_default(value(scope), "", TextField())
        empty = Q(Exact(known, Value("", output_field=TextField())))
        return [rank_sort_key(When(~empty, then=0)), text_sort_key(known)]

    return sort_keys


def sort_by_exact_text(text: Expr) -> Sorting:
    """Ids, which always are there and whose case matters."""
    return lambda _field, _scope: [SortKey(ByCharacter(text), str)]


def sort_by_integer(value: OfScope) -> Sorting:
    return lambda _field, scope: [SortKey(value(scope), int)]


def sort_by_time(value: OfScope) -> Sorting:
    """A time or duration that may be missing."""

    def sort_keys(_field: Field, scope: Scope) -> list[SortKey]:
        known = coalesce_with_default(value(scope), _NOTHING, BigIntegerField())
        nothing = Value(_NOTHING, output_field=BigIntegerField())
        is_there = ~Q(Exact(known, nothing))
        return [rank_sort_key(When(is_there, then=0)), SortKey(known, int)]

    return sort_keys


def sort_by_condition(condition: Callable[[Scope], Q]) -> Sorting:
    return sort_by_integer(
        lambda scope: Case(
            When(condition(scope), then=1), default=0, output_field=IntegerField()
        )
    )
