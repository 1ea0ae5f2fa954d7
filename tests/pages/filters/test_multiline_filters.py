"""Filters of several lines survive the search box, which has one."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from runs.pages.lists.list_state import rejoin_lines
from tests.pages.rows import ALL, HTMX, names

pytestmark = pytest.mark.django_db
NOTE = 'params.note = "one\ntwo"'


def sent(page: Any, typed: str | None = None) -> dict[str, str]:
    """What the form sends, a browser having dropped line breaks from what it shows."""
    hidden = r'type="hidden" form="filter-form" name="(\w+)" value="([^"]*)"'
    fields = re.findall(hidden, page.text)
    [shown] = re.findall(r'name="q" value="([^"]*)"', page.text)
    assert "\n" not in shown
    box = unescape(shown) if typed is None else typed
    return {"q": box, **{name: unescape(value) for name, value in fields}}


def asked(answer: Any) -> str:
    return parse_qs(urlsplit(answer["Location"]).query)["q"][0]


def test_a_value_of_two_lines_is_unchanged(visitor: Client, log: Any) -> None:
    log("a", params={"note": "one\ntwo"})
    log("b", params={"note": "one two"})
    page = visitor.get(ALL, {"q": NOTE})
    assert names(page) == ["a"]
    again = sent(page)
    answer = visitor.get(ALL, {**again, "children": "1"})
    assert asked(answer) == NOTE
    assert "lines=" not in answer["Location"]
    wider = {**again, "q": f"{again['q']} status:running"}
    assert asked(visitor.get(ALL, wider)) == f"{NOTE} status:running"
    by_script = {**HTMX, "HX-Trigger": "filter-form"}
    answer = visitor.get(ALL, wider, headers=by_script)
    assert answer["HX-Push-Url"] == f"{ALL}?" + urlencode(
        {"q": f"{NOTE} status:running"}, safe=":"
    )


def test_lines_of_a_filter_are_kept(visitor: Client, log: Any) -> None:
    log("a")
    page = visitor.get(ALL, {"q": "status:failed\nor /* both */\nstatus:running"})
    assert sent(page)["q"] == "status:failed or /* both */ status:running"


@pytest.mark.parametrize(
    ("whole", "typed", "meant"),
    [
        ("a\nb", "a b", "a\nb"),
        ("a\r\nb", "a  b", "a\r\nb"),
        ("a\nb\nc", "a b x c", "a\nb\nx c"),
        ("a\nb", "", ""),
        ("a\nb", "z", "z"),
        ("a\na", "a a a", "a\na a"),
        ("a\nb", "b", "b"),
    ],
)
def test_editing_the_box_keeps_the_other_lines(
    whole: str, typed: str, meant: str
) -> None:
    assert rejoin_lines(whole, typed) == meant
