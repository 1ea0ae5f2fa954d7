"""An order of rows by columns that are never empty, and the rows after one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, OrderBy, Q

from runs.search.mlflow.search_fields import SearchFieldMapping
from studio.core.filters.fields import Sort

#: Columns with texts; the others have whole numbers.
_TEXT_COLUMNS = ("name", "model__name")


@dataclass(frozen=True)
class RowOrder:
    """Columns with their directions; together they are different in each row."""

    columns: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, sorts: Sequence[Sort], fields: SearchFieldMapping) -> RowOrder:
        return cls(
            tuple((fields.columns[one.field.key], one.descending) for one in sorts)
        )

    @property
    def clauses(self) -> list[OrderBy]:
        return [OrderBy(F(name), descending=down) for name, down in self.columns]

    @property
    def types(self) -> tuple[type, ...]:
        """The type of each column's values."""
        return tuple(str if name in _TEXT_COLUMNS else int for name, _ in self.columns)

    def values(self, row: Model) -> list[Any]:
        """Return the row's place in the order, from which `after` goes on."""
        found = []
        for name, _descending in self.columns:
            value: Any = row
            for attribute in name.split("__"):
                value = getattr(value, attribute)
            found.append(value)
        return found

    def after(self, values: Sequence[Any]) -> Q:
        """Return the condition for the rows after the one with these values."""
        condition, same = Q(), Q()
        for (name, descending), value in zip(self.columns, values, strict=True):
            lookup = "lt" if descending else "gt"
            condition |= same & Q(**{f"{name}__{lookup}": value})
            same &= Q(**{name: value})
        return condition
