"""Differences: the page, its links, and its JSON format."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from runs.models import Experiment
from runs.search.values import value_arrays as many_runs
from tests.pages.rows import ALL, names

pytestmark = pytest.mark.django_db
PAGE = "/w/default/list/differs/"


@pytest.fixture
def selected(log: Any) -> str:
    for n in range(12):
        log(
            f"r{n:02d}",
            params={"lr": "0.1" if n < 5 else "0.2"},
            tags={"<b>": "<i>x</i>", **({"team": "a"} if n < 4 else {})},
        )
    return "selected=" + ",".join(f"r{n:02d}" for n in range(5))


def text(page: Any) -> str:
    body = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_page_ranks_fields_and_counts_values(
    visitor: Client, selected: str
) -> None:
    page = visitor.get(f"{PAGE}?{selected}")
    said = text(page)
    assert "5 selected runs vs. 7 other matching runs" in said
    assert "lr Parameter 1.00 0.1 5 100 % 0 0 %" in said
    assert "team Tag" in said
    assert said.index("lr Parameter") < said.index("team Tag")
    assert "<i>x</i>" not in page.text
    page = visitor.get(f"{PAGE}?selected=r00&q=id+in+(r00,r01)")
    assert "1 selected run vs. 1 other matching run" in text(page)


def test_tags_that_clients_write_for_themselves_are_left_out(
    visitor: Client, selected: str, log: Any
) -> None:
    tags = {"mlflow.runName": "x", "mlflow.source.name": "t.py", "datetime_end": "9"}
    for n in range(3):
        log(f"more{n}", tags={**tags, "mlflow.source.git.commit": "abc"})
    said = text(visitor.get(f"{PAGE}?{selected},more0,more1,more2"))
    assert "mlflow.source.git.commit Code" in said
    for name in tags:
        assert name not in said


def test_the_navigation_shows_the_list_it_belongs_to(
    visitor: Client, selected: str, experiment: Experiment
) -> None:
    marked = 'href="([^"]*)" title="[^"]*" aria-current="true"'
    for where, href in (("", ALL), (f"&in={experiment.number}", "/experiments/")):
        page = visitor.get(f"{PAGE}?{selected}{where}")
        [found] = re.findall(marked, page.text)
        assert found.endswith(href)


def test_each_value_links_to_its_runs(visitor: Client, selected: str) -> None:
    page = visitor.get(f"{PAGE}?{selected}")
    hrefs = re.findall(r'class="value-link" href="([^"]*)"[^>]*>([^<]*)<', page.text)
    found = {value: visitor.get(unescape(href)) for href, value in hrefs}
    assert names(found["0.1"]) == [f"r{n:02d}" for n in range(4, -1, -1)]
    assert len(names(found["no value"])) == 8
    assert "5 selected" in found["0.1"].text


def test_the_list_links_to_the_differences_page(visitor: Client, selected: str) -> None:
    page = visitor.get(f"{ALL}?{selected}")
    [href] = re.findall(r'id="tray-differs" href="([^"]*)"', page.text)
    assert visitor.get(unescape(href)).status_code == 200


def test_the_page_explains_why_it_finds_no_differences(
    visitor: Client, selected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No run is selected" in text(visitor.get(PAGE))
    without_others = visitor.get(f"{PAGE}?q=params.lr=0.1&{selected}")
    assert "there are no others to compare with" in text(without_others)
    same = text(visitor.get(f"{PAGE}?q=params.lr=0.2&selected=r05,r06"))
    assert "No differences found" in same
    monkeypatch.setattr(many_runs, "MAX_ARRAY_RUNS", 3)
    assert "Narrow the list" in text(visitor.get(f"{PAGE}?{selected}"))
    assert "No run is selected" in text(visitor.get(f"{PAGE}?selected=nosuch"))
    unknown = visitor.get(f"{PAGE}?selected=s.nosuch")
    assert unknown.status_code == 400
    assert "the selection s.nosuch" in text(unknown)
    wrong = visitor.get(f"{PAGE}?q=a+and&{selected}")
    assert wrong.status_code == 400
    assert "Expected a term at character 6" in text(wrong)


def test_json_has_the_same_differences(visitor: Client, selected: str) -> None:
    headers = {"Accept": "application/json"}
    found = visitor.get(f"{PAGE}?{selected}", headers=headers).json()
    assert (found["selected"], found["rest"]) == (5, 7)
    assert found["rows"][0]["field"] == "params.lr"
    assert found["rows"][0]["score"] == pytest.approx(1)


def test_long_values_are_distinguished_by_their_full_text(
    visitor: Client, log: Any
) -> None:
    start = "a long command line " * 10
    for n in range(12):
        log(f"r{n:02d}", params={"cmd": f"{start}--lr {0.1 if n < 5 else 0.2}"})
    page = visitor.get(f"{PAGE}?selected=" + ",".join(f"r{n:02d}" for n in range(5)))
    hrefs = re.findall(r'class="value-link" href="([^"]*)"[^>]*>([^<]*)<', page.text)
    counts = {value: len(names(visitor.get(unescape(at)))) for at, value in hrefs}
    assert {value[-3:]: n for value, n in counts.items()} == {"0.1": 5, "0.2": 7}


def test_values_too_long_for_an_address_are_distinguished(
    visitor: Client, log: Any
) -> None:
    start = "x" * 50_000
    for n in range(12):
        log(f"r{n:02d}", params={"cmd": start + ("a" if n < 5 else "b")})
    page = visitor.get(f"{PAGE}?selected=" + ",".join(f"r{n:02d}" for n in range(5)))
    said = text(page)
    assert said.count("too long to list by value") == 2
    assert re.search(r"cmd Parameter 1.00 x+…x+… #(\w{6}).* 5 100 %", said)
    assert len(page.text) < 50_000


def test_a_tag_without_a_value_links_to_its_runs(visitor: Client, log: Any) -> None:
    for n in range(12):
        log(f"r{n:02d}", tags={"keep": None if n < 5 else "later"})
    page = visitor.get(f"{PAGE}?selected=" + ",".join(f"r{n:02d}" for n in range(5)))
    hrefs = re.findall(r'class="value-link" href="([^"]*)"[^>]*>([^<]*)<', page.text)
    counts = {value: len(names(visitor.get(unescape(at)))) for at, value in hrefs}
    assert counts == {"set": 5, "later": 7}
