"""What a query selects: parsed by graphql-core, and checked once against the schema.

Only a request for `/graphql` imports this: graphql-core takes a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_operation_ast,
    parse,
    value_from_ast_untyped,
)

from runs.api.mlflow.decoding import without_nulls
from runs.api.mlflow.graphql.schema import SCALARS, TYPES
from runs.api.mlflow.graphql.selections import Selected
from studio.core.errors import InvalidRequest

MAX_LENGTH = 32 * 1024
#: MLflow's own limits.
MAX_DEPTH = 10
MAX_SELECTIONS = 1000
MAX_ALIASES = 10
MAX_ROOT_FIELDS = 10


def read_query(
    text: str, operation_name: str, variables: Mapping[str, Any]
) -> tuple[Selected, ...]:
    """Parse a query and check it against the schema; raise InvalidRequest."""
    try:
        document = parse(text, no_location=True, max_source_length=MAX_LENGTH)
    except GraphQLError as error:
        raise InvalidRequest(error.message) from error
    operation = _find_operation(document, operation_name)
    kind = operation.operation.value.capitalize()
    if kind not in TYPES:
        raise InvalidRequest("A query or a mutation is expected.")
    # Not at each use: a query can repeat a large variable.
    plain = {
        name: without_nulls(value)
        for name, value in {**_defaults(operation), **variables}.items()
    }
    selector = Selector(_fragments(document), plain)
    fields = selector.compile(kind, operation.selection_set.selections)
    if len(fields) > MAX_ROOT_FIELDS:
        raise InvalidRequest(
            f"GraphQL queries should have at most {MAX_ROOT_FIELDS} root fields."
        )
    return fields


def _find_operation(document: DocumentNode, name: str) -> OperationDefinitionNode:
    """Return the operation with this name, or without a name the only one."""
    found = get_operation_ast(document, name or None)
    if found is None:
        raise InvalidRequest(
            f"Unknown operation named '{name}'."
            if name
            else "Must provide operation name if query contains multiple operations."
        )
    return found


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Return the default of each variable; None without one."""
    return {
        one.variable.name.value: one.default_value
        and value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions
    }


def _key(node: FieldNode) -> str:
    return (node.alias or node.name).value


def _name_and_arguments(node: FieldNode) -> tuple[str, dict[str, ValueNode]]:
    """Return what must be the same in fields with one key, with variables by name."""
    return node.name.value, {one.name.value: one.value for one in node.arguments}


@dataclass
class Selector:
    """Compiles selections with the fragments and variables of one request."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    seen: int = 0

    def compile(
        self, type_name: str, selections: Sequence[SelectionNode], depth: int = 1
    ) -> tuple[Selected, ...]:
        nodes: dict[str, list[FieldNode]] = {}
        for node in self._flatten(type_name, selections, depth):
            nodes.setdefault(_key(node), []).append(node)
        if sum(key != same[0].name.value for key, same in nodes.items()) > MAX_ALIASES:
            raise InvalidRequest(
                f"GraphQL queries should have at most {MAX_ALIASES} aliases."
            )
        return tuple(
            self._compile_field(type_name, same, depth) for same in nodes.values()
        )

    def _flatten(
        self, type_name: str, selections: Sequence[SelectionNode], depth: int
    ) -> Iterator[FieldNode]:
        """Yield the fields, also those of fragments."""
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"Query exceeds maximum depth of {MAX_DEPTH}")
        for node in selections:
            self.seen += 1
            if self.seen > MAX_SELECTIONS:
                raise InvalidRequest(
                    f"Query exceeds maximum total selections of {MAX_SELECTIONS}"
                )
            if not self._is_included(node.directives):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            inner = self._fragment_selections(type_name, node)
            yield from self._flatten(type_name, inner, depth + 1)

    def _fragment_selections(
        self, type_name: str, node: SelectionNode
    ) -> Sequence[SelectionNode]:
        fragment: FragmentDefinitionNode | InlineFragmentNode
        if isinstance(node, InlineFragmentNode):
            fragment = node
        else:
            assert isinstance(node, FragmentSpreadNode)
            if node.name.value not in self.fragments:
                raise InvalidRequest(f"Unknown fragment '{node.name.value}'.")
            fragment = self.fragments[node.name.value]
        condition = fragment.type_condition
        if condition and condition.name.value != type_name:
            raise InvalidRequest(
                f"A fragment on '{condition.name.value}' "
                f"can't be spread on '{type_name}'."
            )
        return fragment.selection_set.selections

    def _is_included(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name not in ("skip", "include"):
                raise InvalidRequest(f"Unknown directive '@{name}'.")
            condition = self._arguments(directive.arguments).get("if")
            if bool(condition) is (name == "skip"):
                return False
        return True

    def _compile_field(
        self, type_name: str, same: Sequence[FieldNode], depth: int
    ) -> Selected:
        key, name = _key(same[0]), same[0].name.value
        if any(
            _name_and_arguments(one) != _name_and_arguments(same[0]) for one in same
        ):
            raise InvalidRequest(f"Fields '{key}' conflict. Use different aliases.")
        if name == "__typename":
            return Selected(key, name, type_name, is_list=False)
        found = TYPES[type_name].get(name)
        if found is None:
            raise InvalidRequest(f"Cannot query field '{name}' on type '{type_name}'.")
        inner = [
            node
            for one in same
            if one.selection_set
            for node in one.selection_set.selections
        ]
        if (found.type in SCALARS) is bool(inner):
            raise InvalidRequest(
                f"Field '{name}' of type '{found.type}' "
                + ("has no subfields." if inner else "must have selected subfields.")
            )
        fields = self.compile(found.type, inner, depth + 1) if inner else ()
        arguments = self._arguments(same[0].arguments)
        return Selected(key, name, found.type, found.is_list, fields, arguments)

    def _arguments(self, given: Sequence[ArgumentNode]) -> dict[str, Any]:
        return {one.name.value: self._resolve(one.value) for one in given}

    def _resolve(self, node: ValueNode) -> Any:
        """Return a value with those of its variables, without fields that are null."""
        if isinstance(node, VariableNode):
            if node.name.value not in self.variables:
                raise InvalidRequest(f"Variable '${node.name.value}' is not defined.")
            return self.variables[node.name.value]
        if isinstance(node, ListValueNode):
            return [self._resolve(one) for one in node.values]
        if isinstance(node, ObjectValueNode):
            found = {one.name.value: self._resolve(one.value) for one in node.fields}
            return {name: value for name, value in found.items() if value is not None}
        return value_from_ast_untyped(node)
