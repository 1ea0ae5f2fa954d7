"""The tree that a filter means. Frozen values; equality ignores positions.

A filter is a `Node`; `None` stands for the empty filter, which every run matches.
Relative times stay relative (`Ago`), so that a saved view keeps its meaning; the code
that compiles the tree sets what *now* is.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Union

ATTRIBUTE = "attribute"
TAGS = "tags"
PARAMS = "params"
PROPERTIES = "properties"
METRICS = "metrics"
CHILDREN = "children"
DATASETS = "datasets"

#: What a metric field may read; `last` is meant where nothing is written.
AGGREGATES = ("last", "min", "max", "first", "count")

#: Operators by the number of values they take. `between` takes two, both included.
ONE_VALUE = frozenset(
    {"=", "!=", "<", "<=", ">", ">="}
    | {"like", "not like", "ilike", "not ilike", "contains", "not contains"}
    | {"matches", "not matches"}
)
MANY_VALUES = frozenset({"in", "not in"})
NO_VALUE = frozenset({"is null", "is not null"})
TWO_VALUES = frozenset({"between"})
OPERATORS = ONE_VALUE | MANY_VALUES | NO_VALUE | TWO_VALUES

#: Each negated operator and what it negates: also runs without a value.
NEGATED = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not contains": "contains",
    "not matches": "matches",
    "is null": "is not null",
}
OPPOSITES = {
    **NEGATED,
    **{positive: negative for negative, positive in NEGATED.items()},
}


@dataclass(frozen=True)
class Field:
    """What is compared: `Field("attribute", "status")`, `Field("tags", "model")`.

    `kind` is one of this module's constants. `key` is the attribute's name, the tag's,
    parameter's, property's or metric's key, or for children a status name in lower
    case or `count`. `aggregate` is one of AGGREGATES for metrics, else empty.
    """

    kind: str
    key: str
    aggregate: str = ""


def attribute(name: str) -> Field:
    return Field(ATTRIBUTE, name)


def metric(key: str, aggregate: str = "last") -> Field:
    return Field(METRICS, key, aggregate)


@dataclass(frozen=True)
class Text:
    """Text, compared exactly."""

    text: str


@dataclass(frozen=True, eq=False)
class Number:
    """A number; unlike floats, two NaN are equal, for trees must be comparable."""

    value: int | float

    def __eq__(self, other: object) -> bool:
        # `1` and `1.0` differ as well, so the text of a tree is always the same.
        return isinstance(other, Number) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


#: How long a written time lasts: `2026-11-24` means the whole day.
# Months differ in length, so their ends come from the calendar.
UNITS = {"month": 0, "day": 86_400_000, "minute": 60_000, "second": 1000, "ms": 1}


@dataclass(frozen=True)
class Moment:
    """A time as written, from `start` until before `end`, in ms since the epoch.

    `offset` is that of its clock, in minutes east of UTC. It is written, but the same
    moment on two clocks is equal.
    """

    start: int
    end: int
    unit: str
    offset: int = dataclass_field(default=0, compare=False)


@dataclass(frozen=True)
class Ago:
    """A time relative to now, in ms before it: `-7d`."""

    ms: int


@dataclass(frozen=True)
class Duration:
    """A length of time in ms: `1h30m`."""

    ms: int


@dataclass(frozen=True)
class Flag:
    """true or false."""

    value: bool


Value = Union[Text, Number, Moment, Ago, Duration, Flag]


@dataclass(frozen=True)
class Span:
    """Where in the text something stands, in characters from 0."""

    position: int
    length: int


@dataclass(frozen=True)
class Comparison:
    """`field op values`. Status values are `Text` spelled as in `core.statuses`."""

    field: Field
    op: str
    values: tuple[Value, ...] = ()
    span: Span = dataclass_field(default=Span(0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Word:
    """A free word or phrase, looked for in all of a run's texts."""

    text: str
    span: Span = dataclass_field(default=Span(0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Not:
    node: Node


@dataclass(frozen=True)
class And:
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    nodes: tuple[Node, ...]


Node = Union[And, Or, Not, Comparison, Word]


def all_of(*nodes: Node) -> Node:
    """The conjunction, flat; of one node, that node itself. Needs at least one."""
    flat = [
        n for node in nodes for n in (node.nodes if isinstance(node, And) else (node,))
    ]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(*nodes: Node) -> Node:
    """The disjunction, flat; of one node, that node itself. Needs at least one."""
    flat = [
        n for node in nodes for n in (node.nodes if isinstance(node, Or) else (node,))
    ]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negate(node: Node) -> Node:
    """What matches exactly where `node` does not."""
    if isinstance(node, Not):
        return node.node
    if isinstance(node, Comparison) and _is_flag(node):
        # `not starred:true` must be the same term as `starred:false`.
        opposite = Flag(node.values == (Flag(False),))
        return Comparison(node.field, node.op, (opposite,), node.span)
    if isinstance(node, Comparison) and node.op in OPPOSITES:
        return Comparison(node.field, OPPOSITES[node.op], node.values, node.span)
    return Not(node)


def _is_flag(node: Comparison) -> bool:
    return node.op == "=" and isinstance(node.values[0], Flag)


def fields_of(node: Node | None) -> frozenset[Field]:
    """Every field that the filter names."""
    if node is None or isinstance(node, Word):
        return frozenset()
    if isinstance(node, Comparison):
        return frozenset({node.field})
    if isinstance(node, Not):
        return fields_of(node.node)
    return frozenset(f for child in node.nodes for f in fields_of(child))


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
