"""The fields that the forms of all pages are made of."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from runs.pages.requests.forms import (
    CountField,
    FlagField,
    MarkdownField,
    OptionalTextField,
    PageForm,
    PresenceField,
    TextField,
    TextListField,
)
from studio.core.errors import Conflict, InvalidName, InvalidValue
from studio.core.names import check_user_name


class EveryField(PageForm):
    name = TextField(check_user_name)
    note = TextField(default="none")
    lines = MarkdownField(strip=False)
    words = TextListField()
    on = FlagField(default=True)
    off = FlagField()
    button = PresenceField()
    days = CountField(max_digits=4)
    seen = OptionalTextField()


def values(query: str) -> dict[str, object]:
    return EveryField(QueryDict(f"name=anna&{query}")).check()


def test_missing_form_fields_have_defaults() -> None:
    assert values("") == {
        "name": "anna",
        "note": "none",
        "lines": "",
        "words": [],
        "on": True,
        "off": False,
        "button": False,
        "days": None,
        "seen": None,
    }


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("note=+a+", "note", "a"),
        ("lines=+a%0D%0Ab", "lines", " a\nb"),
        ("words=a&words=+&words=b", "words", ["a", "b"]),
        ("on=0", "on", False),
        ("off=1", "off", True),
        ("off=yes", "off", False),
        ("button=", "button", True),
        ("days=365", "days", 365),
        ("days=36500", "days", None),
        ("days=-1", "days", None),
        ("seen=", "seen", ""),
    ],
)
def test_a_field_reads_its_input(query: str, field: str, value: object) -> None:
    assert values(query)[field] == value


@pytest.mark.parametrize("name", ["", "a b", "a\0b", "a" * 151])
def test_a_form_shows_the_error_text_of_the_rule(name: str) -> None:
    form = EveryField({"name": name})
    with pytest.raises(InvalidValue) as by_rule:
        check_user_name(name)
    with pytest.raises(InvalidValue) as by_form:
        form.check()
    assert by_form.value.message == form.problem == by_rule.value.message
    assert by_form.value.details["field"] == "name"


def test_a_form_shows_what_an_action_refused() -> None:
    form = EveryField({"name": "anna"})
    form.check()
    form.show_error(Conflict("This name is taken."))
    assert form.problem == "This name is taken."


def test_a_form_shows_its_own_problem_first() -> None:
    form = EveryField({"name": "a b"})
    problem = form.problem
    form.show_error(InvalidName("Something else."))
    assert problem
    assert form.problem == problem
