"""`a = 1 or a = 2 or a = 3` asked once: `a in (1, 2, 3)`."""

from __future__ import annotations

from collections.abc import Iterable

from studio.core.filters.tree import (
    And,
    Comparison,
    Field,
    Node,
    Not,
    Number,
    Or,
    Text,
    Value,
)

#: Their values are compared one by one whatever is done.
_LONGEST = 400


def together(node: Node) -> Node:
    """The same filter, with alternatives for one field's value in one comparison."""
    if isinstance(node, And):
        return And(tuple(together(each) for each in node.nodes))
    if isinstance(node, Not):
        return Not(together(node.node))
    if isinstance(node, Or):
        nodes = _joined(together(each) for each in node.nodes)
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
    return node


def _joined(nodes: Iterable[Node]) -> list[Node]:
    kept: list[Node] = []
    values: dict[tuple[Field, type], list[Value]] = {}
    first: dict[tuple[Field, type], Comparison] = {}
    for node in nodes:
        if not isinstance(node, Comparison) or not _is_one_of(node):
            kept.append(node)
            continue
        kind = (node.field, type(node.values[0]))
        first.setdefault(kind, node)
        values.setdefault(kind, []).extend(node.values)
    for kind, node in first.items():
        found = list(dict.fromkeys(values[kind]))
        parts = [found[n : n + _LONGEST] for n in range(0, len(found), _LONGEST)]
        kept += [_among(node, part) for part in parts]
    return kept


def _is_one_of(node: Comparison) -> bool:
    return node.op in ("=", "in") and all(
        isinstance(value, (Text, Number)) and type(value) is type(node.values[0])
        for value in node.values
    )


def _among(node: Comparison, values: list[Value]) -> Comparison:
    op = "=" if len(values) == 1 else "in"
    return Comparison(node.field, op, tuple(values), node.span)
