"""A group's links lead to its very runs, whatever their values are."""

from __future__ import annotations

import math
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from tests.pages.rows import ALL, names

pytestmark = pytest.mark.django_db
LONG = "x" * 20_000


def counted(page: Any) -> list[tuple[int, str]]:
    """Each group's number of runs, and where they are listed; no place is empty."""
    pattern = r'<td class="number"><(?:a class="value" href="([^"]*)")?[^>]*>(\d+)<'
    return [(int(n), unescape(href)) for href, n in re.findall(pattern, page.text)]


def lead_right(visitor: Client, page: Any) -> int:
    """How many groups lead to as many runs as they count; others fail."""
    found = [(n, href) for n, href in counted(page) if href]
    for count, href in found:
        assert len(names(visitor.get(ALL + href))) == count, href
    return len(found)


VALUES = ["", " ", 'say "yes"', "it's", "a\nb", "a\r\nb", "`x`", "/* no", "50%", "null"]


def test_unusual_texts_link_to_their_runs(visitor: Client, log: Any) -> None:
    for n, value in enumerate([*VALUES, "漢字" * 200, "-1", "1.0", "1"]):
        log(f"r{n}", params={"text": value})
        log(f"s{n}", params={"text": value})
    log("without")
    page = visitor.get(f"{ALL}?group=params.text")
    assert [n for n, _ in counted(page)] == [2] * 14 + [1]
    assert lead_right(visitor, page) == 15


def test_a_group_of_tags_without_a_value_links_to_exactly_those_runs(
    visitor: Client, log: Any
) -> None:
    log("word", tags={"team": None})
    log("empty", tags={"team": ""})
    log("named", tags={"team": "a"})
    log("without")
    page = visitor.get(f"{ALL}?group=tags.team")
    assert sorted(n for n, _ in counted(page)) == [1, 1, 2]
    assert lead_right(visitor, page) == 3


def test_nonfinite_numbers_are_missing_values(
    visitor: Client, log: Any, actor: Actor, now: int
) -> None:
    values: list[Any] = [0.0, -0.0, 0.5, math.nan, math.inf, "text", 2**60]
    for n, value in enumerate(values):
        run = log(f"r{n}")
        log_metrics(run, [Point("acc", value, now, 0)], actor=actor, now=now)
    log("without")
    page = visitor.get(f"{ALL}?group=metrics.acc")
    assert sorted(n for n, _ in counted(page)) == [1, 1, 2, 4]
    assert lead_right(visitor, page) == 4


def test_a_state_too_long_for_an_address_is_reported(visitor: Client, log: Any) -> None:
    for n in range(11):
        log(f"a{n}", params={"text": LONG + "a"})
    log("b", params={"text": LONG + "b"})
    log("c", params={"text": "short"})
    page = visitor.get(f"{ALL}?group=params.text")
    linked = sorted((n, bool(href)) for n, href in counted(page))
    assert linked == [(1, False), (1, True), (11, False)]
    assert lead_right(visitor, page) == 1
    assert len(page.text) < 100_000
    opened = re.findall(r'id="group-[0-9a-f]{10}" href="([^"]*)"', page.text)
    page = visitor.get(ALL + unescape(opened[0]))
    assert len(names(page)) == 10
    assert "too long for a link" in page.text
    assert LONG not in page.text


def test_programs_get_complete_long_values(visitor: Client, log: Any) -> None:
    log("a", params={"text": LONG + "a"})
    log("b", params={"text": LONG + "b"})
    address = f"{ALL}?group=params.text!by=value"
    found = visitor.get(address, headers={"Accept": "application/json"}).json()
    assert {row["params.text"] for row in found["rows"]} == {LONG + "a", LONG + "b"}


def test_runs_are_grouped_by_many_parameters(visitor: Client, log: Any) -> None:
    every = {f"p{n}": str(n) * 40 for n in range(400)}
    log("a", params={**every, "lr": "1"})
    log("b", params={**every, "lr": "2"})
    log("c", params={"lr": "3"})
    page = visitor.get(f"{ALL}?group=-params.seed")
    assert [n for n, _ in counted(page)] == [1, 1, 1]
    assert lead_right(visitor, page) < 3
    assert "+395" in page.text
    assert len(page.text) < 100_000


def test_a_group_link_does_not_repeat_an_existing_filter(
    visitor: Client, log: Any
) -> None:
    log("a", params={"lr": "1", "seed": "1"})
    log("b", params={"lr": "1", "seed": "2"})
    address = f'{ALL}?q=params.seed="1"+or+params.lr="1"&group=params.lr,params.seed'
    assert lead_right(visitor, visitor.get(address)) == 2
    narrow = visitor.get(f'{ALL}?q=params.lr="1"+a&group=params.lr')
    [(_count, href)] = counted(narrow)
    assert href.count("lr") == 1
