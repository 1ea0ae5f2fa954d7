"""Comparisons of one SQL value with a filter's values: text, numbers, times.

Each function gives the positive comparison; `compile` negates. Where the SQL value is
NULL the result may be NULL, so callers make it two-valued or use it inside EXISTS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from django.db.models import BigIntegerField, Q
from django.db.models import Value as SqlValue
from django.utils.translation import gettext as _

from runs.search.sql.expressions import (
    MAX_PATTERN_LENGTH,
    Compare,
    Contains,
    Expr,
    Like,
    two_valued,
)
from studio.core import names
from studio.core.errors import InvalidFilter
from studio.core.filters.tree import (
    Ago,
    Comparison,
    Duration,
    Moment,
    Number,
    Text,
    Value,
)

#: Never and always, in a form that Django folds away.
NEVER = Q(pk__in=())
ALWAYS = ~NEVER


def term_texts(term: Comparison) -> list[str]:
    """The texts that the term compares with."""
    return [value.text for value in term.values if isinstance(value, Text)]


def any_of(conditions: Sequence[Q]) -> Q:
    """Their disjunction; of none, never."""
    return join_conditions(conditions, Q.OR) if conditions else NEVER


def join_conditions(conditions: Sequence[Q], connector: str, *, width: int = 100) -> Q:
    """The conditions joined by AND or OR, in groups of at most `width`.

    SQLite refuses an expression that is nested a thousand deep, and a chain is as deep
    as it is long; a group is hidden in a CASE, for Django would flatten it.
    """
    parts = list(conditions)
    while len(parts) > width:
        groups = [parts[n : n + width] for n in range(0, len(parts), width)]
        parts = [two_valued(join_conditions(group, connector)) for group in groups]
    first, *rest = parts
    for part in rest:
        first = first | part if connector == Q.OR else first & part
    return first


def text_condition(column: str, text: Expr, op: str, values: Sequence[Value]) -> Q:
    """`column` is the look-up name of `text`, for plain equality."""
    texts = [value.text for value in values if isinstance(value, Text)]
    if op in ("=", "in"):
        return Q(**{f"{column}__in": texts})
    return pattern_condition(text, op, texts[0])


def pattern_condition(text: Expr, op: str, pattern: str) -> Q:
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise InvalidFilter(
            _("A search text can have at most %(limit)s characters.")
            % {"limit": MAX_PATTERN_LENGTH},
            field="q",
        )
    if op == "contains":
        return Q(Contains(text, pattern))
    return Q(Like(text, pattern, any_case=op == "ilike"))


def number_condition(number: Expr, op: str, values: Sequence[Value]) -> Q:
    """Numbers only; NaN compares with nothing."""
    numbers = [value.value for value in values if isinstance(value, Number)]
    numbers = [each for each in numbers if not math.isnan(each)]
    if not numbers:
        return NEVER
    if op == "between":
        low, high = numbers
        return Q(Compare(number, ">=", low)) & Q(Compare(number, "<=", high))
    if op in ("=", "in"):
        return any_of([Q(Compare(number, "=", each)) for each in numbers])
    return Q(Compare(number, op, numbers[0]))


def time_condition(time: Expr, op: str, values: Sequence[Value], now: int) -> Q:
    """A written time lasts: a day is from its first to its last millisecond."""
    spans = [_time_span(value, now) for value in values]
    if op in ("=", "in"):
        return any_of([_within(time, start, end) for start, end in spans])
    if op == "between":
        return _within(time, spans[0][0], spans[1][1])
    return _ordered_condition(time, op, *spans[0])


def _time_span(value: Value, now: int) -> tuple[int, int]:
    if isinstance(value, Ago):
        start = end = now - value.ms
    elif isinstance(value, Moment):
        start, end = value.start, value.end
    else:
        raise TypeError(f"{value} is no time")
    # MLflow's filters take any number for a time; the databases take 64 bits.
    return _clamped(start), _clamped(end)


def _clamped(time: int) -> int:
    return max(-names.MAX_TIME, min(time, names.MAX_TIME + 1))


def _within(time: Expr, start: int, end: int) -> Q:
    return Q(Compare(time, ">=", start)) & Q(Compare(time, "<", end))


def _ordered_condition(time: Expr, op: str, start: int, end: int) -> Q:
    compared: dict[str, Callable[[], Compare]] = {
        "<": lambda: Compare(time, "<", start),
        ">=": lambda: Compare(time, ">=", start),
        # Of a time without length, as `-7d`, the moment itself is neither.
        "<=": lambda: Compare(time, "<" if end > start else "<=", end),
        ">": lambda: Compare(time, ">=" if end > start else ">", end),
    }
    return Q(compared[op]())


def duration_condition(length: Expr, op: str, values: Sequence[Value]) -> Q:
    numbers = [Number(v.ms) for v in values if isinstance(v, Duration)]
    return number_condition(length, op, numbers)


def constant(value: int) -> SqlValue:
    return SqlValue(value, output_field=BigIntegerField())
