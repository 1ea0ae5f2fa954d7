"""Trees -> canonical text: `parse(to_text(tree))` is the tree again."""

from __future__ import annotations

import re

from studio.core.filters import fields, tree
from studio.core.filters.literals import length_text, moment_text, number_text
from studio.core.filters.tree import (
    AGGREGATES,
    Ago,
    And,
    Comparison,
    Duration,
    Field,
    Flag,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
    Value,
    Word,
)

_BARE_KEY = re.compile(r"[\w/@+%-][\w./@+%-]*")
_BARE_VALUE = re.compile(r"[^\W\d_][\w/@+-]*(\.[\w/@+-]+)*")
_BARE_WORD = re.compile(r"\w[\w-]*")
_RESERVED = frozenset(
    {"and", "or", "not", "null", "nan", "inf", "infinity", "true", "false"}
    | {"in", "is", "like", "ilike", "contains"}
)
_SHORT_KEY = {tree.TAGS: "tag", tree.PARAMS: "param", tree.PROPERTIES: "property"}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def to_text(node: Node | None) -> str:
    """The canonical text of a tree; empty for the empty filter."""
    if node is None:
        return ""
    if isinstance(node, And):
        return " and ".join(_inside(child, And) for child in node.nodes)
    if isinstance(node, Or):
        return " or ".join(_inside(child, Or) for child in node.nodes)
    if isinstance(node, Not):
        return f"not {_inside(node.node, Not)}"
    if isinstance(node, Word):
        return _word_text(node.text)
    return _comparison_text(node)


def _inside(node: Node, outer: type) -> str:
    loose = isinstance(node, (And, Or))
    needs = loose and not (outer is Or and isinstance(node, And))
    return f"({to_text(node)})" if needs else to_text(node)


def _word_text(word: str) -> str:
    is_name = fields.attribute_named(word) or fields.kind_named(word)
    if _BARE_WORD.fullmatch(word) and word.lower() not in _RESERVED and not is_name:
        return word
    return quoted(word)


def field_text(field: Field) -> str:
    """The field's name as it stands in a filter, in `sort` and in `columns`."""
    if field.kind == tree.ATTRIBUTE:
        return field.key
    text = f"{field.kind}.{key_text(field)}"
    return text if field.aggregate in ("", "last") else f"{text}.{field.aggregate}"


def key_text(field: Field) -> str:
    """The key, in double quotes where it could be read otherwise."""
    key = field.key
    ends = key.rpartition(".")[2].lower() if "." in key else ""
    aggregates = field.kind == tree.METRICS and ends in AGGREGATES
    if _BARE_KEY.fullmatch(key) and not aggregates and not key.endswith("."):
        return key
    return quoted(key)


def _comparison_text(node: Comparison) -> str:
    field, op = node.field, node.op
    if op in tree.NO_VALUE:
        return _presence_text(field, op)
    name = field_text(field)
    values = [value_text(value) for value in node.values]
    if op == "between":
        return f"{name}:{'..'.join(values)}"
    short = field.kind == tree.ATTRIBUTE and fields.spec_of(field).colon == "="
    if short and op in ("=", "in"):
        return f"{name}:{'|'.join(values)}"
    if op in tree.MANY_VALUES:
        return f"{name} {op} ({', '.join(values)})"
    return f"{name} {op} {values[0]}"


def _presence_text(field: Field, op: str) -> str:
    if field.kind not in _SHORT_KEY:
        return f"{field_text(field)} {op}"
    minus = "-" if op == "is null" else ""
    return f"{minus}{_SHORT_KEY[field.kind]}:{key_text(field)}"


def value_text(value: Value) -> str:
    """A value as it stands in a filter."""
    if isinstance(value, Text):
        bare = _BARE_VALUE.fullmatch(value.text)
        is_word = bare and value.text.lower() not in _RESERVED
        return value.text if is_word else quoted(value.text)
    if isinstance(value, Number):
        return number_text(value)
    if isinstance(value, Flag):
        return "true" if value.value else "false"
    return _time_text(value)


def _time_text(value: Moment | Ago | Duration) -> str:
    if isinstance(value, Moment):
        return moment_text(value)
    return (
        f"-{length_text(value.ms)}" if isinstance(value, Ago) else length_text(value.ms)
    )
