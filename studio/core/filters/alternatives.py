"""What `field:a|b` and `field:a..b` mean."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.filters import fields, tree
from studio.core.filters.fields import FieldCatalog
from studio.core.filters.operands import Operand
from studio.core.filters.tokens import WORD, Token
from studio.core.filters.tree import Comparison, Field, Node, Span, Value, any_of

_RANGED = frozenset({fields.NUMBER, fields.TIME, fields.DURATION, fields.MIXED})


def value_list_comparison(
    field: Field, op: str, values: Sequence[Value], span: Span
) -> Comparison:
    """`in` or `not in` the values, each once; of a single one, `=` or `!=`."""
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) == 1:
        op = "=" if op == "in" else "!="
    return Comparison(field, op, distinct, span)


def join_alternatives(nodes: Sequence[Node]) -> Node:
    """The alternatives as one node: `in` where all of them are plain values."""
    plain = [n for n in nodes if isinstance(n, Comparison) and n.op == "="]
    if len(plain) < len(nodes):
        return any_of(*nodes)
    values = [value for node in plain for value in node.values]
    return value_list_comparison(plain[0].field, "in", values, plain[0].span)


def parse_range(
    field: Field, token: Token, text: str, start: int, catalog: FieldCatalog
) -> Comparison | None:
    """The comparison of `a..b`, `a..` or `..b`; None if the token is no range.

    Raises InvalidFilter for a bad end, except where the field may hold text.
    """
    kind = catalog.value_type(field)
    if token.kind != WORD or ".." not in token.text or kind not in _RANGED:
        return None
    low, _, high = token.text.partition("..")
    operand = Operand(field, "between", text, start, catalog)
    ends: list[Value | None] = [
        _range_end(operand, word) for word in (low, high) if word
    ]
    if not ends or None in ends:
        # A tag or parameter can hold text with two dots, such as `a..b`.
        if kind == fields.MIXED and field.kind != tree.METRICS:
            return None
        raise operand.value_error(token)
    values = tuple(end for end in ends if end is not None)
    op = "between" if low and high else (">=" if low else "<=")
    return Comparison(field, op, values)


def _range_end(operand: Operand, word: str) -> Value | None:
    return operand.read_word(word, quoted=False)
