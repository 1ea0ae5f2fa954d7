"""A filter's top-level terms, which pages show as pills: list, add and remove them."""

from __future__ import annotations

from studio.core.filters.tree import And, Node, all_of, negate


def terms(node: Node | None) -> tuple[Node, ...]:
    """The terms that are all required, in their order."""
    if node is None:
        return ()
    return node.nodes if isinstance(node, And) else (node,)


def with_term(node: Node | None, term: Node) -> Node:
    """The filter that also requires `term`; its opposite, if it is there, goes."""
    opposite = negate(term)
    kept = [old for old in terms(node) if old not in (term, opposite)]
    return all_of(*kept, term)


def without_term(node: Node | None, term: Node) -> Node | None:
    """The filter that no longer requires `term`."""
    kept = [old for old in terms(node) if old != term]
    return all_of(*kept) if kept else None
