"""A state that one person made, for another: what says *me* is written out."""

from __future__ import annotations

from dataclasses import replace

from studio.core.filters import Node
from studio.core.filters.source import FilterText
from studio.core.filters.tree import (
    And,
    Comparison,
    Not,
    Or,
    Text,
    all_of,
    attribute,
    terms,
)
from studio.core.view_spec import ViewSpec

SUBMITTER = attribute("submitter")
_ME = Text("me")


def replace_me(spec: ViewSpec, username: str) -> ViewSpec:
    """The same runs for every reader: *mine* and `submitter:me` name `username`.

    Stars stay those of each reader. Raises InvalidFilter.
    """
    node = spec.filter()
    named = _with_user_name(node, username) if node is not None else None
    if spec.mine:
        term = Comparison(SUBMITTER, "=", (Text(username),))
        if term not in terms(named):
            named = all_of(named, term) if named is not None else term
    if named == node:
        return spec
    return replace(spec, mine=False, q=FilterText.of_tree(named))


def _with_user_name(node: Node, username: str) -> Node:
    if isinstance(node, Not):
        return Not(_with_user_name(node.node, username))
    if isinstance(node, And):
        return And(tuple(_with_user_name(each, username) for each in node.nodes))
    if isinstance(node, Or):
        return Or(tuple(_with_user_name(each, username) for each in node.nodes))
    if isinstance(node, Comparison) and node.field == SUBMITTER:
        # In a pattern, `me` is plain text.
        if node.op not in ("=", "!=", "in", "not in"):
            return node
        values = tuple(Text(username) if v == _ME else v for v in node.values)
        return replace(node, values=values)
    return node
