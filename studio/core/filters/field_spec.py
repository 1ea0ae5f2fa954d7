"""What a catalog says of a field: its type, and the operators that fit it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from studio.core.messages import translated

TEXT = "text"
ID = "id"
NUMBER = "number"
TIME = "time"
DURATION = "duration"
STATUS = "status"
BOOLEAN = "boolean"
#: Text that is compared as a number when a bare number stands next to it.
MIXED = "text or number"

_EQUAL = ("=", "!=", "in", "not in")
_ORDER = ("<", "<=", ">", ">=", "between")
_LIKE = ("like", "not like", "ilike", "not ilike", "contains", "not contains")
_MATCHES = ("matches", "not matches")
_NULL = ("is null", "is not null")

OPERATORS_OF: dict[str, tuple[str, ...]] = {
    TEXT: _EQUAL + _LIKE + _NULL,
    ID: _EQUAL + _LIKE + _NULL,
    NUMBER: _EQUAL + _ORDER + _NULL,
    TIME: _EQUAL + _ORDER + _NULL,
    DURATION: _EQUAL + _ORDER + _NULL,
    STATUS: _EQUAL,
    BOOLEAN: ("=", "!="),
    MIXED: _EQUAL + _ORDER + _LIKE + _NULL,
}


@dataclass(frozen=True)
class FieldSpec:
    """One entry: what the field is named, holds, allows, and how people read it.

    `name` is as written in a filter; `<key>` in it stands for any key. `colon` is what
    `field:value` means. `sortable` and `column` say where else it may be used. One that
    `searches_patterns` has an operator for regular expressions. One that
    `is_reference` names another thing, and only as a whole. One that
    is not `offered` is no suggestion of completion, editors and errors. `suggested` is
    the position among the suggestions for an empty filter, 0 for none. Experiments have
    the fields that are `of_experiments` as well.
    """

    name: str
    label: str
    value_type: str
    help: str
    example: str
    aliases: tuple[str, ...] = ()
    colon: str = "="
    sortable: bool = True
    column: bool = True
    filterable: bool = True
    searches_patterns: bool = False
    offered: bool = True
    is_reference: bool = False
    suggested: int = 0
    of_experiments: bool = False

    @cached_property
    def operators(self) -> tuple[str, ...]:
        if self.name.startswith("children."):  # a count is never missing
            return _EQUAL + _ORDER
        if self.is_reference:
            return _EQUAL
        if self.searches_patterns:
            return _EQUAL + _LIKE + _MATCHES + _NULL
        return OPERATORS_OF[self.value_type] if self.filterable else ()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": translated(self.label),
            "type": self.value_type,
            "operators": list(self.operators),
            "help": translated(self.help),
            "example": self.example,
            "aliases": list(self.aliases),
            "sortable": self.sortable,
            "column": self.column,
        }
