"""Conditions on what a run has by key, on its children and its datasets.

All are EXISTS, so a run without the key makes them false, never NULL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from runs.models import Metric, Run, RunDataset, RunParam, RunProperty, RunTag
from runs.search.sql import value_conditions as values
from runs.search.sql.expressions import Contains, Expr
from runs.search.sql.scope import COMMITS, KINDS, Scope
from studio.core.filters import tree
from studio.core.filters.fields import kind_named, statuses_of
from studio.core.filters.tree import Field, Number, Text, Value
from studio.core.statuses import CODES

TEXT_TABLES: Mapping[str, type[RunTag] | type[RunParam] | type[RunProperty]] = {
    tree.TAGS: RunTag,
    tree.PARAMS: RunParam,
    tree.PROPERTIES: RunProperty,
}
DATASETS = {"name": "dataset__name", "digest": "dataset__digest", "context": "context"}


def names_holding(part: str) -> Q:
    """The keys whose name holds the text; `params.lr` also means what it means in a
    filter."""
    word, _point, rest = part.partition(".")
    kind, name = KINDS.get(kind_named(word)), rest.strip("\"'`")
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
        return values.NEVER
    rows = text_rows(field, scope)
    if op == "is not null":
        return Q(Exists(rows))
    texts = [value for value in given if isinstance(value, Text)]
    numbers = [value for value in given if isinstance(value, Number)]
    conditions = []
    if texts:
        conditions.append(values.text_condition("value", F("value"), op, texts))
    if numbers:
        conditions.append(values.number_condition(F("number"), op, numbers))
    return Q(Exists(rows.filter(values.any_of(conditions))))


def has_commit(op: str, given: Sequence[Value], scope: Scope) -> Q:
    """The git commit, which clients record as a tag or a property."""
    return values.any_of([text_exists(field, op, given, scope) for field in COMMITS])


def metric_exists(field: Field, op: str, given: Sequence[Value], scope: Scope) -> Q:
    """A metric's last, first, least or greatest value, or its number of points."""
    if scope.key(field) is None:
        return values.NEVER
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
        conditions.append(values.text_condition("last_text", F("last_text"), op, texts))
    if numbers:
        conditions.append(values.number_condition(F(aggregate), op, numbers))
    if op in ("=", "in"):
        conditions += [_exactly(aggregate, number) for number in numbers]
    return values.any_of(conditions)


def _exactly(aggregate: str, number: Number) -> Q:
    """What a float cannot say: NaN, and integers beyond 2^53."""
    if isinstance(number.value, float) and math.isnan(number.value):
        has_flag = aggregate in ("last", "first")
        return Q(**{f"{aggregate}_is_nan": True}) if has_flag else values.NEVER
    if isinstance(number.value, int) and aggregate == "last":
        return Q(last_text=str(number.value))
    return values.NEVER


def children_condition(field: Field, op: str, given: Sequence[Value]) -> Q:
    """How many direct children, the trash left out, have a status."""
    rows = child_rows(field.key)
    if (op, tuple(given)) in ((">", (Number(0),)), (">=", (Number(1),))):
        return Q(Exists(rows))
    return values.number_condition(children_count(field.key), op, given)


def child_rows(word: str) -> Any:
    rows = Run.objects.not_deleted().filter(parent=OuterRef("pk"))
    if word == "count":
        return rows
    return rows.filter(status__in=sorted(CODES[s] for s in statuses_of(word)))


def children_count(word: str) -> Expr:
    counted = child_rows(word).order_by().values("parent").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def dataset_exists(field: Field, op: str, given: Sequence[Value]) -> Q:
    """A run read such a dataset. With `any`, MLflow's: one that differs is enough."""
    rows = RunDataset.objects.filter(run=OuterRef("pk"))
    column = DATASETS[field.key]
    if op == "is not null":
        return Q(Exists(rows.exclude(**{column: ""})))
    if field.aggregate == "any" and op in ("!=", "not in"):
        texts = [value.text for value in given if isinstance(value, Text)]
        return Q(Exists(rows.exclude(**{f"{column}__in": texts})))
    return Q(Exists(rows.filter(values.text_condition(column, F(column), op, given))))
