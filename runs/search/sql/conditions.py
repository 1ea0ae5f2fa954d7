"""SQL conditions of one term: on a column of the run, or on rows that belong to it.

Each comparison is the positive one; `run_query` negates. Where a column is NULL, the
result can be NULL, so callers make it two-valued or use it inside EXISTS. Conditions on
other rows are EXISTS, so a run without such a row makes them false, never NULL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models import Value as SqlValue
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from runs.models import Metric, Run, RunDataset, RunParam, RunProperty, RunTag
from runs.models.functions import BEGINNING, Beginning, IsLong, IsShort
from runs.search.sql.expressions import (
    MAX_PATTERN_LENGTH,
    Compare,
    Contains,
    Expr,
    Like,
    false_if_null,
)
from runs.search.sql.scope import KEY_KINDS, Scope
from studio.core import names
from studio.core.errors import InvalidFilter
from studio.core.filters import tree
from studio.core.filters.fields import kind_named, statuses_of
from studio.core.filters.tree import (
    Ago,
    Comparison,
    Duration,
    Field,
    Moment,
    Number,
    Text,
    Value,
)
from studio.core.statuses import CODES

#: Never and always, in a form that Django folds away.
NEVER = Q(pk__in=())
ALWAYS = ~NEVER


def term_texts(term: Comparison) -> list[str]:
    """The texts that the term compares with."""
    return [value.text for value in term.values if isinstance(value, Text)]


def term_error(text: str, term: Comparison) -> InvalidFilter:
    """An error that points to the term in the filter."""
    return InvalidFilter(
        text,
        field="q",
        position=term.span.position,
        length=term.span.length,
        suggestions=[],
    )


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
        parts = [false_if_null(join_conditions(group, connector)) for group in groups]
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


def indexed_text_condition(column: str, texts: Sequence[str]) -> Q:
    """The column is one of the texts, in the form that the index of values answers.

    SQLite has the beginnings of all values in one index. PostgreSQL reads an index of
    an expression only together with the table: short values have one of their own.
    """
    long = [text for text in texts if len(text) >= BEGINNING]
    if connection.vendor != "postgresql":
        found = _begins_like(column, texts)
        return found & Q(**{f"{column}__in": texts}) if long else found
    short = [text for text in texts if len(text) < BEGINNING]
    found = Q(**{f"{column}__in": short}) & Q(IsShort(F(column)))
    if not long:
        return found
    is_long = Q(IsLong(F(column))) & Q(**{f"{column}__in": long})
    is_long &= _begins_like(column, long)
    return found | is_long if short else is_long


def _begins_like(column: str, texts: Sequence[str]) -> Q:
    return Q(In(Beginning(F(column)), [text[:BEGINNING] for text in texts]))


def pattern_condition(text: Expr, op: str, pattern: str) -> Q:
    refuse_long_pattern(pattern)
    if op == "contains":
        return Q(Contains(text, pattern))
    return Q(Like(text, pattern, any_case=op == "ilike"))


def refuse_long_pattern(pattern: str) -> None:
    """Raise InvalidFilter for a pattern that could only slow the database down."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise InvalidFilter(
            _("A search text can have at most %(limit)s characters.")
            % {"limit": MAX_PATTERN_LENGTH},
            field="q",
        )


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
        return any_of([_time_between(time, start, end) for start, end in spans])
    if op == "between":
        return _time_between(time, spans[0][0], spans[1][1])
    return _ordered_condition(time, op, *spans[0])


def _time_span(value: Value, now: int) -> tuple[int, int]:
    if isinstance(value, Ago):
        start = end = now - value.ms
    elif isinstance(value, Moment):
        start, end = value.start, value.end
    else:
        raise TypeError(f"{value} is no time")
    # MLflow's filters take any number for a time; the databases take 64 bits.
    return _clamp_time(start), _clamp_time(end)


def _clamp_time(time: int) -> int:
    return max(-names.MAX_TIME, min(time, names.MAX_TIME + 1))


def _time_between(time: Expr, start: int, end: int) -> Q:
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


def integer_value(value: int) -> SqlValue:
    return SqlValue(value, output_field=BigIntegerField())


TEXT_TABLES: Mapping[str, type[RunTag] | type[RunParam] | type[RunProperty]] = {
    tree.TAGS: RunTag,
    tree.PARAMS: RunParam,
    tree.PROPERTIES: RunProperty,
}
DATASET_COLUMNS = {
    "name": "dataset__name",
    "digest": "dataset__digest",
    "context": "context",
}


def keys_containing(part: str) -> Q:
    """The keys whose name holds the text; `params.lr` also means what it means in a
    filter."""
    word, _point, rest = part.partition(".")
    kind, name = KEY_KINDS.get(kind_named(word)), rest.strip("\"'`")
    found = Q(Contains(F("name"), part))
    if kind is not None and name:
        found |= Q(Contains(F("name"), name), kind=kind)
    return found


def text_rows(field: Field, scope: Scope) -> Any:
    """The tag, parameter or property of the run at hand, as a subquery."""
    table: Any = TEXT_TABLES[field.kind].objects
    return table.filter(run=OuterRef("pk"), key=scope.key(field))


def metric_rows(field: Field, scope: Scope) -> Any:
    return Metric.objects.filter(run=OuterRef("pk"), key=scope.key(field))


def text_exists(field: Field, op: str, given: Sequence[Value], scope: Scope) -> Q:
    """A tag, parameter or property: quoted values compare text, bare ones numbers."""
    if scope.key(field) is None:
        return NEVER
    rows = text_rows(field, scope)
    if op == "is not null":
        return Q(Exists(rows))
    texts = [value for value in given if isinstance(value, Text)]
    numbers = [value for value in given if isinstance(value, Number)]
    conditions = []
    if texts:
        conditions.append(text_condition("value", F("value"), op, texts))
    if numbers:
        conditions.append(number_condition(F("number"), op, numbers))
    return Q(Exists(rows.filter(any_of(conditions))))


def has_any_text(
    recorded: Sequence[Field], op: str, given: Sequence[Value], scope: Scope
) -> Q:
    """A text that clients record as one of several tags and properties."""
    return any_of([text_exists(field, op, given, scope) for field in recorded])


def metric_exists(field: Field, op: str, given: Sequence[Value], scope: Scope) -> Q:
    """A metric's last, first, least or greatest value, or its number of points."""
    if scope.key(field) is None:
        return NEVER
    rows = metric_rows(field, scope)
    if op == "is not null":
        return Q(Exists(rows.filter(_has_value(field.aggregate))))
    return Q(Exists(rows.filter(_metric_condition(field.aggregate, op, given))))


def _has_value(aggregate: str) -> Q:
    if aggregate in ("last", "count"):
        return Q()
    if aggregate == "first":
        return Q(first__isnull=False) | Q(first_is_nan=True)
    return Q(**{f"{aggregate}__isnull": False})


def _metric_condition(aggregate: str, op: str, given: Sequence[Value]) -> Q:
    texts = [value for value in given if isinstance(value, Text)]
    numbers = [value for value in given if isinstance(value, Number)]
    conditions = []
    if texts:
        conditions.append(text_condition("last_text", F("last_text"), op, texts))
    if numbers:
        conditions.append(number_condition(F(aggregate), op, numbers))
    if op in ("=", "in"):
        conditions += [
            _nan_or_huge_integer_condition(aggregate, number) for number in numbers
        ]
    return any_of(conditions)


def _nan_or_huge_integer_condition(aggregate: str, number: Number) -> Q:
    """What a float cannot say: NaN, and integers beyond 2^53."""
    if isinstance(number.value, float) and math.isnan(number.value):
        has_flag = aggregate in ("last", "first")
        return Q(**{f"{aggregate}_is_nan": True}) if has_flag else NEVER
    if isinstance(number.value, int) and aggregate == "last":
        return Q(last_text=str(number.value))
    return NEVER


def children_condition(field: Field, op: str, given: Sequence[Value]) -> Q:
    """How many direct children, the trash left out, have a status."""
    rows = child_rows(field.key)
    # EXISTS stops at the first child, and a count does not.
    if (op, tuple(given)) in ((">", (Number(0),)), (">=", (Number(1),))):
        return Q(Exists(rows))
    return number_condition(children_count(field.key), op, given)


def child_rows(status_word: str) -> Any:
    """The children of the run at hand, as a subquery."""
    return runs_of_status(status_word).filter(parent=OuterRef("pk"))


def runs_of_status(status_word: str) -> Any:
    """The runs that a field `children.<status>` counts below their parents."""
    rows = Run.objects.not_deleted()
    if status_word == "count":
        return rows
    return rows.filter(status__in=sorted(CODES[s] for s in statuses_of(status_word)))


def children_count(status_word: str) -> Expr:
    counted = (
        child_rows(status_word).order_by().values("parent").annotate(n=Count("pk"))
    )
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def dataset_exists(field: Field, op: str, given: Sequence[Value]) -> Q:
    """A run read such a dataset. With `any`, MLflow's: one that differs is enough."""
    rows = RunDataset.objects.filter(run=OuterRef("pk"))
    column = DATASET_COLUMNS[field.key]
    if op == "is not null":
        return Q(Exists(rows.exclude(**{column: ""})))
    if field.aggregate == "any" and op in ("!=", "not in"):
        texts = [value.text for value in given if isinstance(value, Text)]
        return Q(Exists(rows.exclude(**{f"{column}__in": texts})))
    return Q(Exists(rows.filter(text_condition(column, F(column), op, given))))
