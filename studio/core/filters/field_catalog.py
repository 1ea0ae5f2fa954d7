"""The catalog of the fields of one kind of thing: what names mean in its filters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from studio.core.filters import tree
from studio.core.filters.field_spec import BOOLEAN, NUMBER, OPERATORS_OF, FieldSpec
from studio.core.filters.tree import Field


class FieldCatalog:
    """The attributes and keyed fields that filters of one kind of thing can use.

    `prefixes` mean only "a field", as in `attributes.name`. `instead` names the field
    to suggest for words that are no field.
    """

    def __init__(
        self,
        attributes: Iterable[FieldSpec],
        keyed: Mapping[str, FieldSpec],
        *,
        prefixes: tuple[str, ...] = (),
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self.attributes = {spec.name: spec for spec in attributes}
        self.keyed = keyed
        self.prefixes = prefixes
        self.instead = dict(instead or {})
        self._attribute_names = {
            name: spec.name
            for spec in self.attributes.values()
            for name in (spec.name, *spec.aliases)
        }
        self._kind_names = {
            name: kind for kind, spec in keyed.items() for name in (kind, *spec.aliases)
        }
        # Fields that are never suggested for a typing error.
        self._never_meant = {
            spec.name for spec in self.attributes.values() if not spec.offered
        }

    def attribute_named(self, word: str) -> str:
        """The attribute that `word` names, in any case; "" if there is none."""
        return self._attribute_names.get(word.lower(), "")

    def kind_named(self, word: str) -> str:
        """The kind of keyed field that `word` names (`param` -> `params`), or ""."""
        return self._kind_names.get(word.lower(), "")

    def is_flag(self, word: str) -> bool:
        """Whether the word names an attribute that is true or false."""
        name = self.attribute_named(word)
        return bool(name) and self.attributes[name].value_type == BOOLEAN

    def flags(self) -> list[str]:
        """The attributes that are true or false."""
        specs = self.attributes.values()
        return [spec.name for spec in specs if spec.value_type == BOOLEAN]

    def spec_of(self, field: Field) -> FieldSpec:
        """The entry of a field of a tree."""
        if field.kind == tree.ATTRIBUTE:
            return self.attributes[field.key]
        return self.keyed[field.kind]

    def value_type(self, field: Field) -> str:
        """What the field holds: like its entry, but a metric's count is a number."""
        if field.kind == tree.METRICS and field.aggregate != "last":
            return NUMBER
        return self.spec_of(field).value_type

    def operators_of(self, field: Field) -> tuple[str, ...]:
        """The operators that fit the field."""
        if field.kind == tree.METRICS:
            return OPERATORS_OF[self.value_type(field)]
        return self.spec_of(field).operators

    def similar_field_names(self, word: str) -> list[str]:
        """Field names that `word` may have meant, the nearest first."""
        names = sorted({*self._attribute_names, *self._kind_names} - self._never_meant)
        return difflib.get_close_matches(word.lower(), names, n=3, cutoff=0.6)
