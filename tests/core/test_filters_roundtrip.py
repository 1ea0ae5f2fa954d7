"""Canonical text parses to the same tree for any keys and values."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import InvalidFilter
from studio.core.filters import fields, parse, parse_field, to_text
from studio.core.filters.fields import MAX_MS, field_text, read_time
from studio.core.filters.tree import (
    AGGREGATES,
    MANY_VALUES,
    NO_VALUE,
    Ago,
    Comparison,
    Duration,
    Field,
    Flag,
    Number,
    Text,
    Word,
    all_of,
    any_of,
    attribute,
    negate,
)
from studio.core.statuses import RunStatus

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12
)
WORDS = TEXTS.filter(str.strip)
KEYS = TEXTS.filter(lambda text: text.isprintable() and text.strip()) | st.sampled_from(
    ["val/acc", "a.max", "max", ".max", "a.", "x..y", "1", "-7d", "and", "loss.last"]
)
NUMBERS = st.builds(
    Number,
    st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
)
METRIC_NUMBERS = NUMBERS | st.builds(Number, st.floats())
DAYS = st.dates().map(lambda day: read_time(day.isoformat())).filter(bool)
TIMES = DAYS | st.integers(10_000, MAX_MS).map(lambda ms: read_time(str(ms)))
LENGTHS = st.integers(0, MAX_MS)
STATUSES = st.sampled_from([s.value for s in RunStatus] + list(fields.STATUS_WORDS))

FIELDS = (
    st.sampled_from(sorted(fields.ATTRIBUTES))
    .filter(lambda n: n != "tags")
    .map(attribute)
    | st.builds(Field, st.sampled_from(["tags", "params", "properties"]), KEYS)
    | st.builds(Field, st.just("metrics"), KEYS, st.sampled_from(AGGREGATES))
    | st.builds(Field, st.just("children"), st.sampled_from(fields.CHILDREN_KEYS))
    | st.builds(Field, st.just("datasets"), st.sampled_from(fields.DATASET_KEYS))
)

ORDER = {"<", "<=", ">", ">=", "between"}
LIKE = {"like", "not like", "ilike", "not ilike", "contains", "not contains"}


def values_of(field: Field, op: str):
    kind = fields.value_type(field)
    if op in LIKE or kind in (fields.TEXT, fields.ID):
        return st.builds(Text, TEXTS)
    if kind == fields.STATUS:
        return st.builds(Text, STATUSES)
    if kind == fields.BOOLEAN:
        return st.builds(Flag, st.booleans())
    if kind == fields.TIME:
        agos = st.builds(Ago, LENGTHS)
        return TIMES | agos if op in ORDER else TIMES
    if kind == fields.DURATION:
        return st.builds(Duration, LENGTHS)
    special = field.kind == "metrics" and op not in ORDER
    numbers = METRIC_NUMBERS if special else NUMBERS
    return (
        numbers
        if kind == fields.NUMBER or op in ORDER
        else numbers | st.builds(Text, TEXTS)
    )


@st.composite
def comparisons(draw):
    field = draw(FIELDS)
    op = draw(st.sampled_from(fields.operators_of(field)))
    if op in NO_VALUE:
        return Comparison(field, op)
    size = {"between": (2, 2)}.get(op, (2, 3) if op in MANY_VALUES else (1, 1))
    values = draw(
        st.lists(
            values_of(field, op),
            min_size=size[0],
            max_size=size[1],
            unique=op in MANY_VALUES,
        )
    )
    return Comparison(field, op, tuple(values))


NODES = st.recursive(
    comparisons() | st.builds(Word, WORDS),
    lambda inner: (
        st.builds(negate, inner)
        | st.lists(inner, min_size=1, max_size=3).map(lambda nodes: all_of(*nodes))
        | st.lists(inner, min_size=1, max_size=3).map(lambda nodes: any_of(*nodes))
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(NODES)
def test_a_tree_round_trips_through_text(node):
    assert parse(to_text(node)) == node


@settings(max_examples=200, deadline=None)
@given(FIELDS.filter(lambda field: field.key))
def test_a_field_round_trips_through_text(field):
    assert parse_field(field_text(field)) == field


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text("ab.:=<>|()\"'`-, 017dT", max_size=30))
def test_any_text_is_a_filter_or_an_error_with_a_position(text):
    try:
        node = parse(text)
    except InvalidFilter as error:
        place = error.details["position"]
    else:
        assert parse(to_text(node)) == node
        return
    assert 0 <= place <= len(text)
