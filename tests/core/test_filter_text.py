"""A filter's text is parsed once, however many states and links are made of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from studio.core.errors import InvalidFilter
from studio.core.filters import parse
from studio.core.filters.parse import parse_with_positions
from studio.core.filters.source import FilterText
from studio.core.view_spec import ViewSpec
from tests.parts.calls import counted_calls

Q = "status:Failed and metrics.acc > 0.5"


def test_copies_of_a_state_share_one_parse() -> None:
    spec = ViewSpec.from_query({"q": Q})
    with counted_calls() as calls:
        others = [replace(spec, rows=rows).changed(mine=True) for rows in (25, 100)]
        trees = [each.filter() for each in (spec, *others)]
    assert calls.of(parse_with_positions) == 1
    assert trees == [parse(Q)] * 3


def test_a_changed_text_has_its_own_tree() -> None:
    spec = ViewSpec(q=Q)
    spec.filter()
    assert spec.changed(q="resnet").filter() == parse("resnet")


def test_an_invalid_filter_is_parsed_once_and_raises_each_time() -> None:
    spec = ViewSpec(q="status:failed and")
    with counted_calls() as calls:
        for _ in range(3):
            with pytest.raises(InvalidFilter) as raised:
                spec.filter()
            assert raised.value.details["position"] == 17
    assert calls.of(parse_with_positions) == 1


def test_a_filter_created_from_a_tree_is_not_parsed() -> None:
    tree = parse(Q)
    with counted_calls() as calls:
        spec = ViewSpec(q=FilterText.of_tree(tree))
        assert spec.filter() == tree
    assert calls.of(parse_with_positions) == 0
    assert spec.source.text == spec.q


def test_a_filter_text_behaves_like_a_str() -> None:
    text = FilterText(Q)
    assert text == Q
    assert hash(text) == hash(Q)
    assert json.loads(json.dumps({"q": text})) == {"q": Q}
    assert type(ViewSpec(q=text).parameters()["q"]) is str
