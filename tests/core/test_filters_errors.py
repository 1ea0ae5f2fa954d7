"""A filter that cannot be read says where, what was expected, and what would work."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidFilter
from studio.core.filters import parse
from studio.core.filters.parse import MAX_LENGTH, parse_field
from studio.core.filters.tokens import MAX_DEPTH, MAX_TERMS, MAX_WORDS


def error_of(text):
    with pytest.raises(InvalidFilter) as caught:
        parse(text)
    return caught.value


PLACES = [
    ('metrics."val/acc" > high and status:completed', "high", "a number"),
    ("resnet and", "", "a term"),
    ("status:bogus", "bogus", "a status"),
    ("duration > 120", "120", "a duration"),
    ("created:7d", "7d", "a date"),
    ("created = -7d", "-7d", "a date"),
    ("created > 2026-13-40", "2026-13-40", "a date"),
    ("starred:maybe", "maybe", "true or false"),
    ("acuracy > 3", "acuracy", "a field"),
    ("http://host", "http", "a field"),
    ('"val/acc" > 0.8', '"val/acc"', "a field"),
    ("tags.model", "tags.model", "an operator"),
    ("status like 'F%'", "like", "an operator"),
    ("children.failed is null", "is", "an operator"),
    ("tags = baseline", "tags", "a key"),
    ("tag:", "", "a key"),
    ("tag:= 1", "=", "a key"),
    ("status in (failed", "status", None),
    ("number = '5'", "'5'", "a number"),
    ("metrics.a:1..nan", "1..nan", "a number"),
    ("tags.x >", "", "a number"),
    ("name:", "", "text"),
    ("'open", "'open", "a closing '"),
    ("(a b", "(", ")"),
    ("a) b", ")", "a term"),
    ("()", ")", None),
    ("> 5", ">", "a term"),
    ('""', '""', "text"),
    ("children.bogus = 1", "children.bogus", "a known key"),
    ("is:running", "running", "a true/false field, such as starred"),
]


@pytest.mark.parametrize(("text", "underlined", "expected"), PLACES)
def test_an_error_has_a_position_and_what_was_expected(text, underlined, expected):
    details = error_of(text).details
    start, end = details["position"], details["position"] + details["length"]
    if "status in" not in text:
        assert text[start:end] == underlined
    if expected is not None:
        assert details["expected"] == expected


WAYS_OUT = [
    (
        'metrics."val/acc" > high and starred',
        ["metrics.val/acc > 0.8 and starred", "tags.quality = high and starred"],
    ),
    ("stauts:failed", ["status:failed"]),
    ("status:finished", ["status = Completed"]),
    ("status = KILLED", ["status = Canceled"]),
    ("status:fail", ["status = Failed"]),
    ("created:7d", ["created >= -7d"]),
    ("duration > 120", ["duration > 2m"]),
    ("created = -7d", ["created >= -7d", "created < -7d"]),
    ("experiment_id = 3", ["experiment = 3"]),
    ("acc > 3", ["metrics.acc > 3"]),
]


@pytest.mark.parametrize(("text", "filters"), WAYS_OUT)
def test_an_error_suggests_filters_that_parse(text, filters):
    offered = [each["filter"] for each in error_of(text).details["suggestions"]]
    assert [each for each in filters if each in offered] == filters
    for each in offered:
        parse(each)


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("statis = 1", ["status = 1", "start_time = 1", "started = 1"]),
        ("durration = abc", ["duration = abc", "description = abc"]),
        ("metrics.loss >", ["metrics.loss > 0.8"]),
        ("tags.x >", ["tags.x > 0.8"]),
    ],
)
def test_the_most_likely_suggestion_comes_first_and_none_is_empty(text, filters):
    offered = [each["filter"] for each in error_of(text).details["suggestions"]]
    assert offered == filters


def test_the_message_counts_characters_from_one():
    error = error_of('metrics."val/acc" > high')
    assert error.message.startswith("Expected a number after '>' at character 21. ")


@pytest.mark.parametrize(
    ("text", "sign"), [("status:done", ":"), ("status=done", "="), ("created:2d", ":")]
)
def test_an_error_names_the_operator_as_it_was_written(text: str, sign: str) -> None:
    assert f" after '{sign}' at " in error_of(text).message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a " * MAX_LENGTH, f"exceeds {MAX_LENGTH} characters"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "deeper than 50 levels"),
        ("not " * 5000 + "a", f"exceeds {MAX_LENGTH} characters"),
        ("tag:a " * (MAX_TERMS + 1), f"More than {MAX_TERMS} terms and values"),
        ("a " * (MAX_WORDS + 1), f"More than {MAX_WORDS} free words"),
        (
            f"number in ({','.join(map(str, range(MAX_TERMS + 1)))})",
            f"More than {MAX_TERMS} terms and values",
        ),
        ("a\x00b", "A character that is not valid text at character 2"),
        ("a\ud800b", "A character that is not valid text at character 2"),
        ("metrics.a > " + "9" * 5000, "Expected a number"),
    ],
)
def test_length_nesting_terms_and_characters_have_limits(text, reason):
    assert reason in error_of(text).message


@pytest.mark.parametrize("text", ["", "name status", "name:", "'name'", "name = x"])
def test_a_field_alone_is_one_name(text):
    with pytest.raises(InvalidFilter, match="Expected a field name") as caught:
        parse_field(text)
    details = caught.value.details
    assert (details["position"], details["length"]) == (0, max(len(text), 1))
