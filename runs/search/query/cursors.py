"""Cursors: a row's place in the order, and the condition for what comes after it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, F, FloatField, Q, TextField, Value
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from django.utils.translation import gettext as _

from runs.search.query.segments import Segment, SortPart
from runs.search.sql import ByCharacter, Expr
from studio.core.errors import InvalidValue
from studio.core.filters.fields import Sort

RowPosition = list[int | float | str]


def write_cursor(
    sort: Sort, parts: Sequence[SortPart], row: Any, *, rank: int | None = None
) -> str:
    """The row's place, as text that fits a query string."""
    place = [getattr(row, part.name) for part in parts]
    ranks = [] if rank is None else [rank]
    packed = json.dumps(
        [str(sort), *ranks, *map(_to_json, place)],
        separators=(",", ":"),
        ensure_ascii=False,
    )
    # Padding would need quoting in an address.
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read_cursor(
    text: str, name: str, sort: Sort, segments: Sequence[Segment]
) -> tuple[int, RowPosition]:
    """The segment and the place there that a cursor names.

    Raises InvalidValue for what is no cursor of this order.
    """
    try:
        packed = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        found = json.loads(packed.decode())
    # A forged cursor can be nested very deeply.
    except (ValueError, RecursionError):
        found = None
    # The place in another order means nothing here.
    if not isinstance(found, list) or found[:1] != [str(sort)]:
        raise _foreign_cursor_error(name)
    place = [_from_json(value) for value in found[1:]]
    for n, segment in enumerate(segments):
        own = place
        if segment.rank is not None:
            # In Python `True == 1`, and JSON has both.
            if not place or type(place[0]) is not int or place[0] != segment.rank:
                continue
            own = place[1:]
        parts = segment.parts
        fits = [_fits_sort_part(v, p) for v, p in zip(own, parts, strict=False)]
        if len(own) == len(parts) and all(fits):
            return n, own
    raise _foreign_cursor_error(name)


def rows_after(parts: Sequence[SortPart], place: RowPosition, *, backwards: bool) -> Q:
    """Rows behind the place in the order, or before it.

    That the first part is not before the place follows from the rest; said apart, it is
    where a planner begins to read.
    """
    condition: Q | None = None
    equal = Q()
    for part, value in zip(parts, place, strict=True):
        lookup = LessThan if part.descending != backwards else GreaterThan
        step = equal & Q(lookup(F(part.name), _sql_value(value)))
        condition = step if condition is None else condition | step
        equal &= Q(Exact(F(part.name), _sql_value(value)))
    if condition is None or len(parts) == 1:
        return condition or Q()
    first = parts[0]
    is_down = first.descending != backwards
    not_before = LessThanOrEqual if is_down else GreaterThanOrEqual
    return Q(not_before(F(first.name), _sql_value(place[0]))) & condition


def _foreign_cursor_error(name: str) -> InvalidValue:
    return InvalidValue(
        _("%(name)s is not a cursor of this list. Go back to the first page.")
        % {"name": name},
        field=name,
    )


def _sql_value(value: float | str) -> Expr:
    if isinstance(value, str):
        return ByCharacter(Value(value, output_field=TextField()))
    kind = FloatField() if isinstance(value, float) else BigIntegerField()
    return Value(value, output_field=kind)


def _to_json(value: Any) -> Any:
    """JSON has no infinity; a list of its name stands for it."""
    infinite = isinstance(value, float) and math.isinf(value)
    return [str(value)] if infinite else value


def _from_json(value: Any) -> Any:
    return float(value[0]) if value in (["inf"], ["-inf"]) else value


def _fits_sort_part(value: Any, part: SortPart) -> bool:
    """Whether the value may stand in SQL where the part does; cursors are forged."""
    if type(value) is not part.value_type:
        return False
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and -(2**63) < value < 2**63
