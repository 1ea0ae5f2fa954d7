"""The condition of a whole filter, from the conditions of its words and comparisons."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from runs.search.sql.conditions import join_conditions
from runs.search.sql.expressions import false_if_null
from studio.core.filters.tree import NEGATED, And, Comparison, Node, Not, Or, Word


def filter_condition(
    node: Node | None,
    of_word: Callable[[str], Q],
    of_comparison: Callable[[Comparison, str], Q],
) -> Q:
    """Join what the two functions return; a filter without terms is always true.

    `of_comparison` gets a comparison, and its operator without the negation.
    """

    def condition(part: Node) -> Q:
        if isinstance(part, And):
            return join_conditions([condition(each) for each in part.nodes], Q.AND)
        if isinstance(part, Or):
            return join_conditions([condition(each) for each in part.nodes], Q.OR)
        if isinstance(part, Not):
            # NOT of NULL is NULL, which would leave out what lacks the value.
            return ~false_if_null(condition(part.node))
        if isinstance(part, Word):
            return of_word(part.text)
        positive = NEGATED.get(part.op, part.op)
        found = of_comparison(part, positive)
        return found if positive == part.op else ~false_if_null(found)

    return Q() if node is None else condition(node)
