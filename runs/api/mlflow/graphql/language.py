"""Parse a GraphQL document: operations and fragments, as in the specification of 2021.

Type definitions and subscriptions are refused, because the schema is fixed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import InvalidRequest

MAX_LENGTH = 32 * 1024
#: Of selections, lists and objects in each other.
MAX_DEPTH = 10

_TOKEN = re.compile(
    r"""(?:[\s,\ufeff]|\#[^\n\r]*)*
    (?:
      (?P<sign>\.\.\.|[!$&()\[\]{}:=@|])
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<text>"(?:[^"\\\n\r]|\\.)*"(?!"))
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass(frozen=True)
class Directive:
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class FieldNode:
    name: str
    key: str
    arguments: Mapping[str, Any]
    directives: tuple[Directive, ...]
    selections: tuple[Selection, ...]


@dataclass(frozen=True)
class FragmentNode:
    """A fragment's name, or selections for a type (empty: for any)."""

    name: str
    directives: tuple[Directive, ...]
    type: str = ""
    selections: tuple[Selection, ...] = ()


Selection = FieldNode | FragmentNode


@dataclass(frozen=True)
class Operation:
    kind: str
    name: str
    #: The default of each variable; None without one.
    variables: Mapping[str, Any]
    selections: tuple[Selection, ...]


@dataclass(frozen=True)
class Document:
    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, FragmentNode] = field(default_factory=dict)

    def operation(self, name: str) -> Operation:
        """Return the operation with this name, or without a name the only one."""
        if not name and len(self.operations) == 1:
            return self.operations[0]
        for operation in self.operations:
            if name and operation.name == name:
                return operation
        raise graphql_error(
            f"Unknown operation named '{name}'."
            if name
            else "Must provide operation name if query contains multiple operations."
        )


def graphql_error(message: str) -> InvalidRequest:
    return InvalidRequest(message)


def parse(text: str) -> Document:
    """Parse a document; raise InvalidRequest."""
    if len(text) > MAX_LENGTH:
        raise graphql_error(f"The query exceeds {MAX_LENGTH} characters.")
    return _Parser(text).parse_document()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "end"
        yield _Token(kind, found[kind], found.start(kind))
        if kind == "end":
            return


class _Parser:
    """Reads the tokens from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    def parse_document(self) -> Document:
        document = Document()
        while self.next.kind != "end":
            if self.next.text == "fragment":
                fragment = self.parse_fragment()
                document.fragments[fragment.name] = fragment
            else:
                document.operations.append(self.parse_operation())
        return document

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        if token.kind == "end":
            raise graphql_error("Syntax Error: Unexpected <EOF>.")
        self.at += 1
        return token

    def skip(self, sign: str) -> bool:
        is_next = self.next.kind == "sign" and self.next.text == sign
        self.at += is_next
        return is_next

    def expect(self, sign: str) -> None:
        if not self.skip(sign):
            raise self.unexpected()

    def name(self) -> str:
        if self.next.kind != "name":
            raise self.unexpected()
        return self.take().text

    def unexpected(self) -> InvalidRequest:
        token = self.take()
        return graphql_error(
            f"Syntax Error: Unexpected {token.text!r} at character {token.start + 1}."
        )

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise graphql_error(f"Query exceeds maximum depth of {MAX_DEPTH}")

    def parse_operation(self) -> Operation:
        kind, name, variables = "query", "", {}
        if self.next.text != "{":
            kind = self.next.text
            if kind not in ("query", "mutation"):
                raise self.unexpected()
            self.take()
            name = self.name() if self.next.kind == "name" else ""
            variables = self.parse_variables()
            self.parse_directives()
        return Operation(kind, name, variables, self.parse_selections())

    def parse_variables(self) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        if self.skip("("):
            while not self.skip(")"):
                self.expect("$")
                name = self.name()
                self.expect(":")
                self.skip_type()
                variables[name] = self.parse_value() if self.skip("=") else None
                self.parse_directives()
        return variables

    def skip_type(self) -> None:
        """Skip a type: values are checked where they are used."""
        if self.skip("["):
            self.enter()
            self.skip_type()
            self.depth -= 1
            self.expect("]")
        else:
            self.name()
        self.skip("!")

    def parse_fragment(self) -> FragmentNode:
        self.take()
        name = self.name()
        if self.name() != "on":
            raise graphql_error(f"Syntax Error: The fragment {name!r} has no type.")
        type_name, directives = self.name(), self.parse_directives()
        return FragmentNode(name, directives, type_name, self.parse_selections())

    def parse_selections(self) -> tuple[Selection, ...]:
        self.expect("{")
        self.enter()
        found = [self.parse_selection()]
        while not self.skip("}"):
            found.append(self.parse_selection())
        self.depth -= 1
        return tuple(found)

    def parse_selection(self) -> Selection:
        if not self.skip("..."):
            return self.parse_field()
        if self.next.kind == "name" and self.next.text != "on":
            return FragmentNode(self.name(), self.parse_directives())
        type_name = ""
        if self.next.text == "on":
            self.take()
            type_name = self.name()
        directives = self.parse_directives()
        return FragmentNode("", directives, type_name, self.parse_selections())

    def parse_field(self) -> FieldNode:
        key = name = self.name()
        if self.skip(":"):
            name = self.name()
        arguments = self.parse_arguments()
        directives = self.parse_directives()
        has_selections = self.next.kind == "sign" and self.next.text == "{"
        selections = self.parse_selections() if has_selections else ()
        return FieldNode(name, key, arguments, directives, selections)

    def parse_arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if self.skip("("):
            while not self.skip(")"):
                name = self.name()
                self.expect(":")
                arguments[name] = self.parse_value()
        return arguments

    def parse_directives(self) -> tuple[Directive, ...]:
        found = []
        while self.skip("@"):
            found.append(Directive(self.name(), self.parse_arguments()))
        return tuple(found)

    def parse_value(self) -> Any:
        if self.skip("$"):
            return Variable(self.name())
        if self.next.text in ("[", "{") and self.next.kind == "sign":
            self.enter()
            value = self.parse_list() if self.skip("[") else self.parse_object()
            self.depth -= 1
            return value
        token = self.take()
        if token.kind in ("number", "text"):
            return self.parse_literal(token)
        if token.kind != "name":
            self.at -= 1
            raise self.unexpected()
        # Other names are values of enums.
        words = {"true": True, "false": False, "null": None}
        return words.get(token.text, token.text)

    def parse_literal(self, token: _Token) -> Any:
        try:
            return json.loads(token.text)
        except ValueError as error:
            self.at -= 1
            raise self.unexpected() from error

    def parse_list(self) -> list[Any]:
        values = []
        while not self.skip("]"):
            values.append(self.parse_value())
        return values

    def parse_object(self) -> dict[str, Any]:
        self.expect("{")
        values: dict[str, Any] = {}
        while not self.skip("}"):
            name = self.name()
            self.expect(":")
            values[name] = self.parse_value()
        return values
