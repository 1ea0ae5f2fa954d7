"""*Compare* shows how a logged table differs between two runs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.ingest.delivered_rows import MetricRow, apply_rows
from runs.models import Run
from tests.parts.elements import every, one, texts

pytestmark = pytest.mark.django_db

COMPARE = "/w/default/compare/"


@pytest.fixture
def two(log: Any, actor: Actor, now: int) -> list[Run]:
    scores = (
        [("cat", 0.5), ("dog", 0.7), ("emu", 0.1)],
        [("dog", 0.7), ("cat", 0.625), ("fox", 0.3)],
    )
    runs = [log("a"), log("b"), log("c")]
    for run, rows in zip(runs, scores, strict=False):
        values = [{"class": name, "f1": f1} for name, f1 in rows]
        table = [
            MetricRow("per class", value, step, now, "table")
            for step, value in enumerate(values)
        ]
        apply_rows(run, uuid4().hex, 0, table, actor=actor, now=now)
    return runs


def address(**more: str) -> str:
    found = "&".join(f"{name}={value}" for name, value in more.items())
    return f"{COMPARE}?run=a&run=b&run=c{'&' if found else ''}{found}"


def test_a_table_links_to_its_difference(visitor: Client, two: list[Run]) -> None:
    page = visitor.get(address())
    links = every(page, "td a")
    [link] = [each for each in links if each["href"].endswith("#table-diff")]
    assert link.text == "3 rows"
    assert "table=per+class" in link["href"]
    assert not every(page, "#table-diff")


def test_rows_are_compared_by_key(visitor: Client, two: list[Run]) -> None:
    page = visitor.get(address(table="per+class", table_run="b"))
    card = one(page, "#table-diff")
    assert (
        card.one(".table-diff-sum").text == "1 row changed, 1 added, 1 removed, 1 equal"
    )
    rows = [
        [row.one("th").text, *(cell.text for cell in row.all("td"))]
        for row in card.all("tbody tr")
    ]
    assert rows == [
        ["cat", "", "0.5 0.625 +0.125"],
        ["fox", "+", "0.3"],
        ["emu", "−", "0.1"],
    ]
    assert texts(page, "#table-key option") == ["class", "row number"]
    numbered = visitor.get(address(table="per+class", table_run="b", key="%23"))
    assert texts(numbered, "#table-diff tbody th") == ["1", "2", "3"]


def test_a_table_that_one_run_has_is_a_notice(visitor: Client, two: list[Run]) -> None:
    page = visitor.get(f"{COMPARE}?run=a&run=c&table=per+class")
    assert "Fewer than two of these runs have a table per class" in page.text
    assert "table-diff" not in page.text.replace("table-diff.css", "")


def test_it_reads_only_the_two_tables(visitor: Client, two: list[Run]) -> None:
    visitor.get(address())
    with CaptureQueriesContext(connection) as without:
        visitor.get(address())
    with CaptureQueriesContext(connection) as with_table:
        visitor.get(address(table="per+class", table_run="b"))
    assert len(with_table) - len(without) <= 4
