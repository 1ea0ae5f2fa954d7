"""Compile a filter's tree to a condition on runs: the only place that does so.

    runs_matching(node, viewer=…, workspace=…, now=…) -> QuerySet of runs
    condition(node, scope) -> Q

Every leaf is true or false, never NULL, so that NOT is exact: "not x" also matches the
runs that lack the value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q

from runs.models import Run, RunQuerySet, User, Workspace
from runs.search.fields import source_of
from runs.search.sql.expressions import two_valued
from runs.search.sql.scope import Scope, make_scope
from runs.search.sql.value_conditions import join_conditions
from runs.search.sql.words import word_condition
from studio.core.filters import tree
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
    Word,
    fields_of,
)

#: How much deeper a word and a comparison make the SQL expression, at most. Above
#: MAX_FLAT_DEPTH they are nested in groups, since SQLite's limit is 1,000.
WORD_DEPTH, COMPARISON_DEPTH = 8, 3
MAX_FLAT_DEPTH = 800
GROUP_SIZE = 8
#: Values in one `in`: the database compares them one by one.
MAX_MERGED_VALUES = 400


def runs_matching(
    node: Node | None, *, viewer: User, workspace: Workspace, now: int
) -> RunQuerySet:
    """The runs that the viewer can see and the filter matches, the trash included.

    Raises InvalidFilter for what cannot be answered.
    """
    scope = make_scope(viewer, workspace, now, fields_of(node))
    runs = Run.objects.visible_to(viewer).in_workspace(workspace)
    return runs if node is None else runs.filter(condition(node, scope))


def condition(node: Node, scope: Scope) -> Q:
    """The condition that a run of the scope's workspace must fulfill."""
    return _condition(node, scope, is_deep=_depth(node) > MAX_FLAT_DEPTH)


def _condition(node: Node, scope: Scope, *, is_deep: bool) -> Q:
    if isinstance(node, (And, Or)):
        parts = [_condition(child, scope, is_deep=is_deep) for child in node.nodes]
        connector = Q.AND if isinstance(node, And) else Q.OR
        return join_conditions(
            parts, connector, width=GROUP_SIZE if is_deep else len(parts)
        )
    if isinstance(node, Not):
        return ~_condition(node.node, scope, is_deep=is_deep)
    if isinstance(node, Word):
        found = word_condition(node.text, scope)
    else:
        found = _comparison(node, scope)
    return two_valued(found) if is_deep else found


def _depth(node: Node) -> int:
    if isinstance(node, (And, Or)):
        return sum(_depth(child) for child in node.nodes)
    if isinstance(node, Not):
        return _depth(node.node) + 1
    return WORD_DEPTH if isinstance(node, Word) else COMPARISON_DEPTH


def _comparison(node: Comparison, scope: Scope) -> Q:
    condition = source_of(node.field).condition
    assert condition is not None, node.field
    # MLflow's `any` of a dataset: a negated one is a condition of its own.
    if node.field.kind == tree.DATASETS and node.field.aggregate == "any":
        return condition(node, scope)
    positive = tree.NEGATED.get(node.op)
    if positive is None:
        return condition(node, scope)
    return ~condition(replace(node, op=positive), scope)


def merge_alternatives(node: Node) -> Node:
    """Write `a = 1 or a = 2` as `a in (1, 2)`, which means the same."""
    if isinstance(node, And):
        return And(tuple(merge_alternatives(each) for each in node.nodes))
    if isinstance(node, Not):
        return Not(merge_alternatives(node.node))
    if isinstance(node, Or):
        nodes = _merge_nodes(merge_alternatives(each) for each in node.nodes)
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
    return node


def _merge_nodes(nodes: Iterable[Node]) -> list[Node]:
    kept: list[Node] = []
    values: dict[tuple[Field, type], list[Value]] = {}
    first: dict[tuple[Field, type], Comparison] = {}
    for node in nodes:
        if not isinstance(node, Comparison) or not _is_mergeable(node):
            kept.append(node)
            continue
        kind = (node.field, type(node.values[0]))
        first.setdefault(kind, node)
        values.setdefault(kind, []).extend(node.values)
    for kind, node in first.items():
        found = list(dict.fromkeys(values[kind]))
        starts = range(0, len(found), MAX_MERGED_VALUES)
        kept += [_with_values(node, found[n : n + MAX_MERGED_VALUES]) for n in starts]
    return kept


def _is_mergeable(node: Comparison) -> bool:
    return node.op in ("=", "in") and all(
        isinstance(value, (Text, Number)) and type(value) is type(node.values[0])
        for value in node.values
    )


def _with_values(node: Comparison, values: list[Value]) -> Comparison:
    op = "=" if len(values) == 1 else "in"
    return Comparison(node.field, op, tuple(values), node.span)
