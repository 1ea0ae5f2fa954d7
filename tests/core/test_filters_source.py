"""Editing one term of a filter leaves the rest as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import InvalidFilter
from studio.core.filters import Node, parse, to_text
from studio.core.filters.parse import parse_with_positions
from studio.core.filters.registry_fields import MODEL_FIELDS
from studio.core.filters.source import read_source, source_or_text
from studio.core.filters.tree import Comparison, Field, Text, all_of, attribute, terms
from tests.parts.calls import counted_calls


def term_of(text: str) -> Node:
    node = parse(text)
    assert node is not None
    return node


TYPED = "status:failed  /* by whom? */ and tags.`a b` = 'it''s'  and (x and y)"


def test_the_terms_of_the_text_are_those_of_the_tree() -> None:
    assert read_source(TYPED).nodes == terms(parse(TYPED))


@pytest.mark.parametrize(
    ("number", "left"),
    [
        (0, "/* by whom? */ tags.`a b` = 'it''s'  and (x and y)"),
        (1, "status:failed  /* by whom? */ and (x and y)"),
        (2, "status:failed  /* by whom? */ and tags.`a b` = 'it''s'  and (y)"),
        (3, "status:failed  /* by whom? */ and tags.`a b` = 'it''s'  and (x)"),
    ],
)
def test_a_term_is_removed(number: int, left: str) -> None:
    assert read_source(TYPED).text_without_terms(number) == left


def test_a_term_is_replaced_in_its_place() -> None:
    found = read_source(TYPED).text_with_replaced_term(0, term_of("status:running"))
    assert found == TYPED.replace("status:failed", "status:Running")


def test_replacing_a_term_by_itself_changes_nothing() -> None:
    source = read_source(TYPED)
    assert source.text_with_replaced_term(1, source.nodes[1]) == TYPED


def test_removing_a_term_keeps_the_comment_inside_it() -> None:
    found = read_source("status: /* why */ failed x").text_with_replaced_term(
        0, term_of("name:y")
    )
    assert found == "name:y /* why */ x"


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        ("", "z"),
        ("a", "a and z"),
        ("a  b", "a  b z"),
        ("a and b", "a and b and z"),
        ("a or b", "(a or b) and z"),
        ("/* none yet */", "/* none yet */ z"),
    ],
)
def test_a_term_is_added_with_the_conjunction_of_the_others(
    typed: str, added: str
) -> None:
    assert read_source(typed).text_with_term(term_of("z")) == added


@pytest.mark.parametrize("typed", ["x or y", "(x or y)"])
def test_alternatives_are_put_in_parentheses_once(typed: str) -> None:
    assert (
        read_source("a b").text_with_replaced_term(0, term_of(typed), typed)
        == "(x or y) b"
    )


def test_adding_a_term_replaces_its_opposite() -> None:
    assert read_source("resnet -tag:flaky").text_with_term(term_of("tag:flaky")) == (
        "resnet and tag:flaky"
    )


def test_parentheses_that_a_removed_term_leaves_empty_go_with_it() -> None:
    assert read_source("((a))  /* why */ b").text_without_terms(0) == "/* why */ b"
    assert read_source("b /* why */ and (a)").text_without_terms(1) == "b /* why */"


def test_terms_that_share_a_place_are_spelled_one_by_one() -> None:
    shared = read_source("not (not (a b)) c")
    assert (
        shared.text_with_replaced_term(0, term_of("status:failed"))
        == "status:Failed and b and c"
    )
    # An edit that would not mean what it says is written out, too.
    assert (
        read_source("a b").text_with_replaced_term(0, term_of("x"), "x or y")
        == "x and b"
    )


@pytest.mark.parametrize("text", ["/*", "a /* b", "a /* b * /"])
def test_an_unclosed_comment_is_an_error(text: str) -> None:
    with pytest.raises(InvalidFilter, match="close the comment"):
        parse(text)


@pytest.mark.parametrize("comment", ["/**/", "/***/", "/* a */", "/* * / */"])
def test_a_comment_ends_at_its_first_end(comment: str) -> None:
    assert parse(f"{comment} a {comment} b") == parse("a b")


@pytest.mark.parametrize("text", ["name = '/* x */'", 'name = "a/*b*/"'])
def test_comment_marks_in_quotes_are_text(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Comparison)
    assert "/*" in to_text(found)


PIECES = st.sampled_from(
    [
        "a",
        "-b",
        "tag:k",
        "status:failed|canceled",
        "name = 'it''s'",
        "(x y)",
        "(x or y)",
        "not (a b)",
        "not (not a or not b)",
        "((c))",
        "/* note */ d",
        "params.`o k`:1..5",
        "metrics.acc in (1, 2)",
        "is:starred",
        "not name:y",
        "name not like 'a%'",
    ]
)
JOINTS = st.sampled_from([" ", " and ", "  AND\n", " /* so */ and "])


@st.composite
def filters(draw: st.DrawFn) -> str:
    text = draw(PIECES)
    for _ in range(draw(st.integers(0, 4))):
        text += draw(JOINTS) + draw(PIECES)
    return text


@settings(max_examples=200, deadline=None)
@given(filters(), st.data())
def test_edits_change_the_meaning_as_intended(text: str, data: st.DataObject) -> None:
    source = read_source(text)
    number = data.draw(st.integers(0, len(source.terms) - 1))
    kept = [node for n, node in enumerate(source.nodes) if n != number]
    assert parse(source.text_without_terms(number)) == (all_of(*kept) if kept else None)
    term = Comparison(Field("tags", "odd"), "=", (Text("o'k \" `)"),))
    nodes = [term if n == number else node for n, node in enumerate(source.nodes)]
    assert parse(source.text_with_replaced_term(number, term)) == all_of(*nodes)
    assert parse(source.text_with_added_term(term)) == all_of(*source.nodes, term)
    assert parse(source.text_of_term(number)) == source.nodes[number]


@settings(max_examples=200, deadline=None)
@given(filters(), st.data())
def test_a_shortened_filter_equals_its_parsed_text(
    text: str, data: st.DataObject
) -> None:
    source = read_source(text)
    numbers = st.integers(0, len(source.terms) - 1)
    left = source.source_without_terms(*data.draw(st.sets(numbers)))
    assert left == read_source(left.text)


@settings(max_examples=200, deadline=None)
@given(filters())
def test_a_filter_with_a_term_prepended_equals_its_parsed_text(text: str) -> None:
    parent = Comparison(attribute("parent"), "=", (Text("r 1"),))
    found = read_source(text).source_with_first_term(parent)
    assert found == read_source(found.text)


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("a and b and c", 0),
        ("a status:failed b", 0),
        ("a name = x b", 0),
        (TYPED, 1),
        ("a b c", 1),
    ],
)
def test_separate_terms_are_removed_without_parsing(typed: str, parsed: int) -> None:
    source = read_source(typed)
    with counted_calls() as calls:
        source.source_without_terms(0)
    assert calls.of(parse_with_positions) == parsed


@pytest.mark.parametrize(
    ("typed", "required"),
    [
        ("", "tags.team = a1"),
        ("tags.team = a1", "tags.team = a1"),
        ("tag:team=a1 resnet", "tag:team=a1 resnet"),
        # Each has the new term's text as a part.
        ("tags.team = a10", "tags.team = a10 and tags.team = a1"),
        ("not tags.team = a1", "not tags.team = a1 and tags.team = a1"),
        ("x or tags.team = a1", "(x or tags.team = a1) and tags.team = a1"),
        ("tags.team = a1 and (", "tags.team = a1 and ( tags.team = a1"),
    ],
)
def test_a_term_is_required_once(typed: str, required: str) -> None:
    source = source_or_text(typed)
    assert source.text_requiring(term_of("tags.team = a1")) == required


def test_the_source_of_another_catalog_has_its_fields() -> None:
    term = parse("alias:champion", MODEL_FIELDS)
    assert term is not None
    source = source_or_text("versions:>1", MODEL_FIELDS)
    text = source.text_requiring(term, "alias:champion")
    assert text == "versions:>1 and alias:champion"
    again = source_or_text(text, MODEL_FIELDS)
    assert again.text_requiring(term, "alias:champion") == text
