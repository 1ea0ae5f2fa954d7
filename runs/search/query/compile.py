"""A filter's tree -> a condition on runs: the only place that gives it its meaning.

    runs_matching(node, viewer=…, workspace=…, now=…) -> QuerySet of runs
    condition(node, scope) -> Q

Every leaf is true or false, never NULL, so that NOT is exact: "not so" also matches
the runs that lack the value.
"""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Q

from runs.models import Run, RunQuerySet, User, Workspace
from runs.search.fields import source_of
from runs.search.sql.expressions import certain
from runs.search.sql.scope import Scope, make_scope
from runs.search.sql.value_conditions import joined
from runs.search.sql.words import word_condition
from studio.core.filters import tree
from studio.core.filters.tree import And, Comparison, Node, Not, Or, Word, fields_of

#: How much deeper a word and a comparison make the SQL expression, at the most. Where
#: all of them could pass SQLite's limit of 1,000 they are nested apart, a few at once.
WORD_DEPTH, COMPARISON_DEPTH = 8, 3
LARGE = 800
NARROW = 8


def runs_matching(
    node: Node | None, *, viewer: User, workspace: Workspace, now: int
) -> RunQuerySet:
    """The runs that the viewer may see and the filter matches, the trash included.

    Raises InvalidFilter for what cannot be answered.
    """
    scope = make_scope(viewer, workspace, now, fields_of(node))
    runs = Run.objects.visible_to(viewer).in_workspace(workspace)
    return runs if node is None else runs.filter(condition(node, scope))


def condition(node: Node, scope: Scope) -> Q:
    """The condition that a run of the scope's workspace must fulfil."""
    return _condition(node, scope, is_large=_depth(node) > LARGE)


def _condition(node: Node, scope: Scope, *, is_large: bool) -> Q:
    if isinstance(node, (And, Or)):
        parts = [_condition(child, scope, is_large=is_large) for child in node.nodes]
        connector = Q.AND if isinstance(node, And) else Q.OR
        return joined(parts, connector, width=NARROW if is_large else len(parts))
    if isinstance(node, Not):
        return ~_condition(node.node, scope, is_large=is_large)
    if isinstance(node, Word):
        found = word_condition(node.text, scope)
    else:
        found = _comparison(node, scope)
    return certain(found) if is_large else found


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
