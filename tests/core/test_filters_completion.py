"""What completion offers at each place of an unfinished filter."""

from __future__ import annotations

import pytest

from studio.core.filters import field_text
from studio.core.filters.completion import completion_context

FIELDS = [
    ("", "", ""),
    ("sta", "", "sta"),
    ("a and (stat", "", "stat"),
    ("tag:mo", "tags", "mo"),
    ("-tag:fl", "tags", "fl"),
    ("is:st", "is", "st"),
    ('metrics."val a', "", "metrics.val a"),
    ("tags.model = resnet50 ", "", ""),
    ("name:x status", "", "status"),
]
VALUES = [
    ("status:completed tags.model = r", "tags.model", "=", "r"),
    ("status:failed|ca", "status", ":", "ca"),
    ("status:fa|", "status", ":", ""),
    ("not status in (Failed, Ca", "status", "in", "Ca"),
    ("status in (", "status", "in", ""),
    ("tags.model contains re", "tags.model", "contains", "re"),
    ("tags.model not contains re", "tags.model", "contains", "re"),
    ("tag:model=re", "tags.model", "=", "re"),
    ("name = \"it's", "name", "=", "it's"),
    ("name = 'it''s", "name", "=", "it's"),
    ("metrics.acc:>0", "metrics.acc", ">", "0"),
    ("-experiment:/Sha", "experiment", ":", "/Sha"),
]


@pytest.mark.parametrize(("text", "kind", "part"), FIELDS)
def test_fields_are_completed(text: str, kind: str, part: str) -> None:
    found = completion_context(text, len(text))
    assert (found.what, found.kind, found.part) == ("field", kind, part)


@pytest.mark.parametrize(("text", "field", "op", "part"), VALUES)
def test_values_are_completed(text: str, field: str, op: str, part: str) -> None:
    found = completion_context(text, len(text))
    assert found.field is not None
    parts = (found.what, field_text(found.field), found.op, found.part)
    assert parts == ("value", field, op, part)


@pytest.mark.parametrize(("text", "part"), [("tags.model ", ""), ("name con", "con")])
def test_operators_are_completed(text: str, part: str) -> None:
    found = completion_context(text, len(text))
    assert (found.what, found.part) == ("operator", part)


@pytest.mark.parametrize("text", ['"a phrase', "/* a note", "-'x", "a /* status:"])
def test_completion_offers_nothing_in_phrases_and_comments(text: str) -> None:
    assert completion_context(text, len(text)).what == "nothing"


def test_a_completion_replaces_the_whole_word() -> None:
    text = "status:failed tags.model"
    found = completion_context(text, 9)
    assert (text[found.start : found.end], found.part) == ("failed", "fa")


@pytest.mark.parametrize(
    ("text", "at", "others"),
    [
        ("a and tags.model = r", 20, "a"),
        ("tags.model = r and b", 14, "b"),
        ("a tags.model = r (b", 16, "a"),
        ("a or tags.model = r", 19, ""),
    ],
)
def test_values_are_counted_with_the_other_terms_applied(
    text: str, at: int, others: str
) -> None:
    assert completion_context(text, at).others == others


@pytest.mark.parametrize(
    "text", ["(((", "|", "a:|||", ":", "in (", ",,", "=", "-", "'"]
)
def test_completion_of_an_invalid_filter_is_not_an_error(text: str) -> None:
    for at in range(len(text) + 2):
        found = completion_context(text, at)
        assert 0 <= found.start <= found.end <= len(text)
