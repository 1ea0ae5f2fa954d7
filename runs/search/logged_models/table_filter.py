"""Filters of the lists of logged models and datasets.

The same language as for runs, with few fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q

from runs.search.sql import (
    Contains,
    any_of,
    filter_condition,
    number_condition,
    text_condition,
    time_condition,
)
from studio.core.filters import parse, tree
from studio.core.filters.field_spec import NUMBER, TEXT, TIME, FieldSpec
from studio.core.filters.fields import FieldCatalog
from studio.core.filters.tree import Comparison, Node


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

    @cached_property
    def catalog(self) -> FieldCatalog:
        """The fields for the parser, which needs no labels."""
        types = {**dict.fromkeys(self.texts, TEXT), **dict.fromkeys(self.times, TIME)}
        return FieldCatalog(
            [FieldSpec(name, "", kind, "", "") for name, kind in types.items()],
            {kind: _keyed_spec(kind) for kind in self.keyed},
        )

    def parse(self, text: str) -> Node | None:
        """Raises InvalidFilter, also for a field that these rows don't have."""
        return parse(text, self.catalog)


def _keyed_spec(kind: str) -> FieldSpec:
    # Params and tags of models are texts, also where they look like numbers.
    value_type = NUMBER if kind == tree.METRICS else TEXT
    alias = kind.removesuffix("s")
    return FieldSpec(f"{kind}.<key>", "", value_type, "", "", aliases=(alias,))


class TableFilter:
    """Turns a filter into a condition on the rows of a list."""

    def __init__(self, fields: FilterFields, now: int) -> None:
        self.fields, self.now = fields, now

    def condition(self, node: Node | None) -> Q:
        return filter_condition(node, self._word_condition, self._comparison_condition)

    def _word_condition(self, text: str) -> Q:
        return any_of([Q(Contains(F(c), text)) for c in self.fields.words])

    def _comparison_condition(self, term: Comparison, op: str) -> Q:
        kind, key = term.field.kind, term.field.key
        if kind in self.fields.keyed:
            return self._keyed_condition(term, op)
        column = self.fields.texts.get(key) or self.fields.times[key]
        if op == "is not null":
            return Q(**{f"{column}__isnull": False})
        if key in self.fields.times:
            return time_condition(F(column), op, term.values, self.now)
        return text_condition(column, F(column), op, term.values)

    def _keyed_condition(self, term: Comparison, op: str) -> Q:
        table = self.fields.keyed[term.field.kind]
        rows: Any = table._default_manager.filter(
            **{self.fields.owner: OuterRef("pk"), "key": term.field.key}
        )
        if op != "is not null":
            if term.field.kind == tree.METRICS:
                found = number_condition(F("value"), op, term.values)
            else:
                found = text_condition("value", F("value"), op, term.values)
            rows = rows.filter(found)
        return Q(Exists(rows))
