"""Filters of the lists of logged models and datasets.

The same language as for runs, with few fields. Text that is no filter is searched
unchanged: people paste names and ids here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q
from django.utils.translation import gettext as _

from runs.search.sql import (
    Contains,
    any_of,
    false_if_null,
    join_conditions,
    number_condition,
    text_condition,
    time_condition,
)
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import field_text, parse, tree
from studio.core.filters.fields import number_text
from studio.core.filters.tree import (
    And,
    Comparison,
    Node,
    Not,
    Number,
    Or,
    Text,
    Value,
    Word,
)


@dataclass(frozen=True)
class FilterFields:
    """The columns that a filter can use, by the names of fields.

    `words` are the columns that free words are searched in. The rows of a keyed field
    point to the listed row by `owner`.
    """

    texts: Mapping[str, str]
    words: Sequence[str]
    times: Mapping[str, str] = field(default_factory=dict)
    keyed: Mapping[str, type[Model]] = field(default_factory=dict)
    owner: str = "model"

    @property
    def names(self) -> list[str]:
        return [*self.texts, *self.times, *(f"{kind}.…" for kind in self.keyed)]


def parse_table_filter(text: str) -> Node | None:
    """Parse a filter; text that is none is one phrase."""
    try:
        return parse(text)
    except InvalidFilter:
        return Word(text)


class TableFilter:
    """Turns a filter into a condition on the rows of a list."""

    def __init__(self, fields: FilterFields, now: int) -> None:
        self.fields, self.now = fields, now

    def condition(self, node: Node | None) -> Q:
        """Raises InvalidValue for a field that these rows don't have."""
        if node is None:
            return Q()
        if isinstance(node, And):
            return join_conditions([self.condition(each) for each in node.nodes], Q.AND)
        if isinstance(node, Or):
            return join_conditions([self.condition(each) for each in node.nodes], Q.OR)
        if isinstance(node, Not):
            # NOT of NULL is NULL, which would leave out what lacks the value.
            return ~false_if_null(self.condition(node.node))
        if isinstance(node, Word):
            return any_of([Q(Contains(F(c), node.text)) for c in self.fields.words])
        return self._comparison_condition(node)

    def _comparison_condition(self, term: Comparison) -> Q:
        positive = tree.NEGATED.get(term.op, term.op)
        found = self._positive_condition(term, positive)
        return found if positive == term.op else ~false_if_null(found)

    def _positive_condition(self, term: Comparison, op: str) -> Q:
        kind, key = term.field.kind, term.field.key
        if kind in self.fields.keyed:
            return self._keyed_condition(term, op)
        if kind != tree.ATTRIBUTE or key not in (
            *self.fields.texts,
            *self.fields.times,
        ):
            raise InvalidValue(
                _("This list has no %(field)s. Filter it by %(allowed)s.")
                % {
                    "field": field_text(term.field),
                    "allowed": ", ".join(self.fields.names),
                },
                field="q",
            )
        column = self.fields.texts.get(key) or self.fields.times[key]
        if op == "is not null":
            return Q(**{f"{column}__isnull": False})
        if key in self.fields.times:
            return time_condition(F(column), op, term.values, self.now)
        return text_condition(column, F(column), op, _as_texts(term.values))

    def _keyed_condition(self, term: Comparison, op: str) -> Q:
        table = self.fields.keyed[term.field.kind]
        rows: Any = table._default_manager.filter(
            **{self.fields.owner: OuterRef("pk"), "key": term.field.key}
        )
        if op != "is not null":
            if term.field.kind == tree.METRICS:
                found = number_condition(F("value"), op, term.values)
            else:
                given = _as_texts(term.values)
                found = text_condition("value", F("value"), op, given)
            rows = rows.filter(found)
        return Q(Exists(rows))


def _as_texts(given: Sequence[Value]) -> tuple[Value, ...]:
    """Params and tags are texts: a bare number is one as well."""
    return tuple(
        Text(number_text(each)) if isinstance(each, Number) else each for each in given
    )
