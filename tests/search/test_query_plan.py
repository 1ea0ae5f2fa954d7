"""Every plan gives the same list.

A small library would always look up a few candidates. Here each limit that chooses
between the plans is moved, so that every plan is used.
"""

from __future__ import annotations

import pytest

from runs.models.functions import BEGINNING
from runs.search.query import query_plan, run_query
from tests.parts.records import NOON
from tests.search.library import Library
from tests.search.test_compile import EVERYTHING
from tests.search.test_order import ORDERS

pytestmark = pytest.mark.django_db

#: The limits of candidates, of sorting for a page, and of sorting to count: the rarest
#: scan leads; only scans in order lead; mostly all runs are read. And the share of runs
#: that must match so that PostgreSQL looks each up.
LIMITS = {
    "led": (-1, 5_000, 50_000, 2.0),
    "in order": (-1, 0, 50_000, 0.0),
    "walked": (-1, 0, 0, 0.0),
    "few or led": (1, 2, 50_000, 0.0),
}


@pytest.fixture(params=list(LIMITS))
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    *limits, share = LIMITS[request.param]
    names = ("MAX_CANDIDATES", "MAX_SORTED_TO_PAGE", "MAX_SORTED_TO_COUNT")
    for name, value in zip(names, limits, strict=True):
        monkeypatch.setattr(query_plan, name, value)
    monkeypatch.setattr(run_query, "MIN_DENSE_SHARE", share)
    monkeypatch.setattr(run_query, "MAX_PLAIN_TERMS", 0)


@pytest.mark.sample(2)
@pytest.mark.usefixtures("limits")
def test_every_query_plan_finds_the_same_runs(library: Library) -> None:
    wrong = {
        text: found
        for text, ids in EVERYTHING
        if (found := "".join(library.find(text))) != ids
    }
    assert wrong == {}


@pytest.mark.sample(2)
@pytest.mark.usefixtures("limits")
def test_every_query_plan_counts_the_same_runs(library: Library) -> None:
    wrong = {
        text: total
        for text, ids in EVERYTHING
        if (total := library.page(text, children="1").total) != len(ids)
    }
    assert wrong == {}


@pytest.mark.usefixtures("limits")
def test_runs_with_one_of_several_values_are_in_one_order(shelf: Library) -> None:
    for number, kind in enumerate(("x", "y", "x", "y")):
        columns = {"error_kind": kind, "created": NOON + number}
        shelf.make(f"r{number}", columns=columns)
    page = shelf.page("error_kind in (x, y)")
    assert [row.run.run_id for row in page.rows] == ["r3", "r2", "r1", "r0"]


@pytest.mark.usefixtures("limits")
def test_patterns_match_beyond_the_indexed_characters(shelf: Library) -> None:
    shelf.make("long", name="İ" + 300 * "x" + "Q")
    shelf.make("short", name="xQ")
    assert shelf.find("name like '%xQ'") == ["long", "short"]
    assert shelf.find("name like '_xQ'") == []
    assert shelf.find("name contains 'xq'") == ["long", "short"]


@pytest.mark.usefixtures("limits")
def test_long_values_are_compared_whole(shelf: Library) -> None:
    long = BEGINNING * "ß"
    tags = {"a": long + "1", "b": long + "2", "c": "short", "d": long[1:], "e": None}
    for name, value in tags.items():
        shelf.make(name, tags={"t": value})
    assert shelf.find(f"tags.t = '{long}1'") == ["a"]
    assert shelf.find(f"tags.t in ('{long}2', short, '{long[1:]}')") == ["b", "c", "d"]
    assert shelf.find(f"tags.t like '{long}%'") == ["a", "b"]
    assert shelf.find("tags.t like 's%'") == ["c"]


@pytest.mark.sample(6)
@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize("text", ["", "metrics.acc > 0", "tags.model is not null"])
def test_every_query_plan_sorts_runs_the_same(library: Library, text: str) -> None:
    matching = set(library.find(text))
    wrong = {
        sort: found
        for sort, order in ORDERS
        if (found := "".join(library.find(text, sort=sort)))
        != "".join(one for one in order if one in matching)
    }
    assert wrong == {}
