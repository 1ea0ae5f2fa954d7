"""Filters over experiments and logged models, and what they are sorted by.

Runs have `run_query`. These two are small, with few fields: columns, and keyed rows
(tags, params, metrics) of one related table each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, F, Model, OrderBy, OuterRef, Q, Subquery

from runs.search.sql import Like
from studio.core.filters import tree
from studio.core.filters.fields import Sort
from studio.core.filters.tree import (
    And,
    Comparison,
    Field,
    Moment,
    Node,
    Number,
    Or,
    Text,
    Value,
)
from studio.core.names import MAX_INT64, MIN_INT64

_LOOKUPS = {"=": "exact", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "in": "in"}


@dataclass(frozen=True)
class KeyedTable:
    """Rows with a key: the table, what points from it to the thing, its value."""

    rows: type[Model]
    owner: str
    value: str = "value"


@dataclass(frozen=True)
class SearchFieldMapping:
    """Where the fields of one kind of thing are."""

    columns: Mapping[str, str]
    keyed: Mapping[str, KeyedTable]

    def condition(self, node: Node | None) -> Q:
        """The filter as a condition; it has comparisons joined by AND and OR."""
        if node is None:
            return Q()
        if isinstance(node, (And, Or)):
            conditions = [self.condition(child) for child in node.nodes]
            return reduce(and_ if isinstance(node, And) else or_, conditions)
        assert isinstance(node, Comparison)
        return self._comparison_condition(node)

    def _comparison_condition(self, node: Comparison) -> Q:
        field = node.field
        if field.kind == tree.ATTRIBUTE:
            return _column_condition(self.columns[field.key], node)
        rows = self._rows_with_key(field)
        if node.op == "is null":
            return ~Q(Exists(rows))
        if node.op != "is not null":
            rows = rows.filter(_column_condition(self.keyed[field.kind].value, node))
        return Q(Exists(rows))

    def _rows_with_key(self, field: Field) -> Any:
        keyed = self.keyed[field.kind]
        rows = keyed.rows._default_manager.filter(
            **{keyed.owner: OuterRef("pk"), "key": field.key}
        )
        return rows.order_by("pk")

    def order(self, sorts: Sequence[Sort]) -> list[OrderBy]:
        """What is missing comes last in both directions."""
        return [
            OrderBy(
                self._field_value(one.field), descending=one.descending, nulls_last=True
            )
            for one in sorts
        ]

    def _field_value(self, field: Field) -> F | Subquery:
        if field.kind == tree.ATTRIBUTE:
            return F(self.columns[field.key])
        value = self.keyed[field.kind].value
        return Subquery(self._rows_with_key(field).values(value)[:1])


def _column_condition(column: str, node: Comparison) -> Q:
    values = [_plain_value(value) for value in node.values]
    negated = node.op in ("!=", "not in")
    op = {"!=": "=", "not in": "in"}.get(node.op, node.op)
    if op in ("like", "ilike"):
        return Q(Like(F(column), str(values[0]), any_case=op == "ilike"))
    condition = Q(**{f"{column}__{_LOOKUPS[op]}": values if op == "in" else values[0]})
    return ~condition if negated else condition


def _plain_value(value: Value) -> str | int | float:
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Moment):
        # MLflow accepts any number as a time, and the database has 64 bits.
        return max(MIN_INT64, min(MAX_INT64, value.start))
    assert isinstance(value, Number)
    return value.value
