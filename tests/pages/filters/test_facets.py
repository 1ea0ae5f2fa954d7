"""The facets of values that are too long to be shown, or to be asked for."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.pages.rows import ALL, names
from tests.parts.elements import every

pytestmark = pytest.mark.django_db
OPEN = f"{ALL}?facets=1&open=params.text"
LONG = "x" * 30_000


def choices(page: Any) -> list[tuple[str, str, int]]:
    """Where each leads, what it says, and of how many runs."""
    panel = page.text.partition('id="facets"')[2].partition("</aside>")[0]
    found = re.findall(
        r'<a class="choice" id="[^"]*"(?: href="([^"]*)")?.*?"clip">([^<]*)'
        r'.*?"count">(\d+)<',
        panel,
        re.DOTALL,
    )
    return [(unescape(href), text, int(runs)) for href, text, runs in found]


def test_long_values_are_distinguished_and_short_ones_chosen(
    visitor: Client, log: Any
) -> None:
    for n, text in enumerate([LONG + "a", LONG + "a", LONG + "b", "y" * 400, "z"]):
        log(f"r{n}", params={"text": text})
    page = visitor.get(OPEN)
    found = [each for each in choices(page) if each[1][0] in "xyz"]
    assert sorted((bool(href), text[:1], n) for href, text, n in found) == [
        (False, "x", 1),
        (False, "x", 2),
        (True, "y", 1),
        (True, "z", 1),
    ]
    for href, text, _n in found:
        if href:
            [name] = names(visitor.get(href))
            assert name == {"y": "r3", "z": "r4"}[text[0]]
    assert len(page.text) < 100_000


def test_truncated_values_are_not_suggested(visitor: Client, log: Any) -> None:
    log("long", params={"text": LONG})
    log("short", params={"text": "xyz"})
    text = "params.text = x"
    address = "/w/default/list/complete/"
    page = visitor.get(address, {"text": text, "at": str(len(text))})
    values = [option["data-insert"] for option in every(page, ".option")]
    assert "xyz " in values
    assert "xxxx" not in page.text
