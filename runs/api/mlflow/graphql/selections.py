"""What a query selects: checked once against the schema, then read from each value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runs.api.mlflow.graphql.language import (
    MAX_DEPTH,
    Directive,
    FieldNode,
    FragmentNode,
    Selection,
    Variable,
    graphql_error,
)
from runs.api.mlflow.graphql.schema import SCALARS, TYPES

#: MLflow's own limits.
MAX_SELECTIONS = 1000
MAX_ALIASES = 10

_WORD_START = re.compile(r"(?<!^)([A-Z])")


def snake_case(name: str) -> str:
    return _WORD_START.sub(r"_\1", name).lower()


@dataclass(frozen=True)
class Selected:
    """A field of the reply. `type` is a scalar, or a type with `fields`."""

    key: str
    name: str
    type: str
    is_list: bool
    fields: tuple[Selected, ...] = ()
    #: The arguments, of fields of a query only.
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Selector:
    """Compiles selections with the fragments and variables of one request."""

    fragments: Mapping[str, FragmentNode]
    variables: Mapping[str, Any]
    seen: int = 0

    def compile(
        self, type_name: str, selections: Sequence[Selection], depth: int = 1
    ) -> tuple[Selected, ...]:
        if depth > MAX_DEPTH:
            raise graphql_error(f"Query exceeds maximum depth of {MAX_DEPTH}")
        nodes: dict[str, list[FieldNode]] = {}
        for node in self._flatten(type_name, selections, depth):
            nodes.setdefault(node.key, []).append(node)
        if sum(same[0].key != same[0].name for same in nodes.values()) > MAX_ALIASES:
            raise graphql_error(
                f"GraphQL queries should have at most {MAX_ALIASES} aliases."
            )
        return tuple(
            self._compile_field(type_name, same, depth) for same in nodes.values()
        )

    def _flatten(
        self, type_name: str, selections: Sequence[Selection], depth: int
    ) -> Iterator[FieldNode]:
        """Yield the fields, also those of fragments."""
        for node in selections:
            self.seen += 1
            if self.seen > MAX_SELECTIONS:
                raise graphql_error(
                    f"Query exceeds maximum total selections of {MAX_SELECTIONS}"
                )
            if not self._is_included(node.directives):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment = self._find_fragment(node)
            if fragment.type not in ("", type_name):
                raise graphql_error(
                    f"A fragment on '{fragment.type}' can't be spread on '{type_name}'."
                )
            if depth > MAX_DEPTH:
                raise graphql_error(f"Query exceeds maximum depth of {MAX_DEPTH}")
            yield from self._flatten(type_name, fragment.selections, depth + 1)

    def _find_fragment(self, node: FragmentNode) -> FragmentNode:
        if not node.name:
            return node
        if node.name not in self.fragments:
            raise graphql_error(f"Unknown fragment '{node.name}'.")
        return self.fragments[node.name]

    def _is_included(self, directives: Sequence[Directive]) -> bool:
        for directive in directives:
            condition = self.resolve(directive.arguments.get("if"))
            if directive.name not in ("skip", "include"):
                raise graphql_error(f"Unknown directive '@{directive.name}'.")
            if bool(condition) is (directive.name == "skip"):
                return False
        return True

    def _compile_field(
        self, type_name: str, same: Sequence[FieldNode], depth: int
    ) -> Selected:
        node = same[0]
        if any(
            (one.name, one.arguments) != (node.name, node.arguments) for one in same
        ):
            raise graphql_error(f"Fields '{node.key}' conflict. Use different aliases.")
        if node.name == "__typename":
            return Selected(node.key, node.name, type_name, is_list=False)
        found = TYPES[type_name].get(node.name)
        if found is None:
            raise graphql_error(
                f"Cannot query field '{node.name}' on type '{type_name}'."
            )
        inner = [selection for one in same for selection in one.selections]
        if (found.type in SCALARS) is bool(inner):
            raise graphql_error(
                f"Field '{node.name}' of type '{found.type}' "
                + ("has no subfields." if inner else "must have selected subfields.")
            )
        fields = self.compile(found.type, inner, depth + 1) if inner else ()
        arguments = {name: self.resolve(one) for name, one in node.arguments.items()}
        return Selected(
            node.key, node.name, found.type, found.is_list, fields, arguments
        )

    def resolve(self, value: Any) -> Any:
        """Return an argument with the values of its variables."""
        if isinstance(value, Variable):
            if value.name not in self.variables:
                raise graphql_error(f"Variable '${value.name}' is not defined.")
            return self.variables[value.name]
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if isinstance(value, dict):
            return {name: self.resolve(one) for name, one in value.items()}
        return value


def select(value: Any, fields: Sequence[Selected]) -> Any:
    """Return the selected fields of a JSON object with MLflow's REST names."""
    if value is None:
        return None
    return {one.key: _select_field(value, one) for one in fields}


def _select_field(value: Mapping[str, Any], one: Selected) -> Any:
    if one.name == "__typename":
        return one.type
    found = value.get(snake_case(one.name))
    if one.is_list:
        return [_as_selected(item, one) for item in found or ()]
    return None if found is None else _as_selected(found, one)


def _as_selected(value: Any, one: Selected) -> Any:
    convert = SCALARS.get(one.type)
    return convert(value) if convert else select(value, one.fields)
