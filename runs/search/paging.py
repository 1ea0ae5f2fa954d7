"""Cursors: a row's place in the order, and the condition for what comes after it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, FloatField, Q, TextField, Value
from django.db.models.lookups import Exact, GreaterThan, LessThan

from runs.search.expressions import Binary, Expr
from runs.search.order import Part
from studio.core.errors import InvalidValue
from studio.core.viewtext import Sort

Place = list[int | float | str]


def write_cursor(sort: Sort, parts: Sequence[Part], row: Any) -> str:
    """The row's place, as text that fits a query string."""
    place = [getattr(row, part.name) for part in parts]
    packed = json.dumps(
        [str(sort), *map(_to_json, place)], separators=(",", ":"), ensure_ascii=False
    )
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read_cursor(text: str, name: str, sort: Sort, parts: Sequence[Part]) -> Place:
    """The place that a cursor names; InvalidValue if it is none of this order."""
    try:
        packed = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        found = json.loads(packed.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or found[:1] != [str(sort)]:
        raise _not_of_this_list(name)
    place = [_from_json(value) for value in found[1:]]
    fits = [_fits(v, p) for v, p in zip(place, parts, strict=False)]
    if len(place) != len(parts) or not all(fits):
        raise _not_of_this_list(name)
    return place


def beyond(parts: Sequence[Part], place: Place, *, backwards: bool) -> Q:
    """Rows behind the place in the order, or before it."""
    condition: Q | None = None
    equal = Q()
    for part, value in zip(parts, place, strict=True):
        lookup = LessThan if part.descending != backwards else GreaterThan
        step = equal & Q(lookup(part.value, _value(value)))
        condition = step if condition is None else condition | step
        equal &= Q(Exact(part.value, _value(value)))
    return condition or Q()


def _not_of_this_list(name: str) -> InvalidValue:
    return InvalidValue(
        f"{name} is not a cursor of this list; go back to its first page", field=name
    )


def _value(value: float | str) -> Expr:
    if isinstance(value, str):
        return Binary(Value(value, output_field=TextField()))
    kind = FloatField() if isinstance(value, float) else BigIntegerField()
    return Value(value, output_field=kind)


def _to_json(value: Any) -> Any:
    """JSON has no infinity; a list of its name stands for it."""
    infinite = isinstance(value, float) and math.isinf(value)
    return [str(value)] if infinite else value


def _from_json(value: Any) -> Any:
    return float(value[0]) if value in (["inf"], ["-inf"]) else value


def _fits(value: Any, part: Part) -> bool:
    """Whether the value may stand in SQL where the part does; cursors are forged."""
    if type(value) is not part.kind:
        return False
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and -(2**63) < value < 2**63
