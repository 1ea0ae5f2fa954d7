"""The run list with child runs: under their parents, wherever one turns."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from studio.core.statuses import RunStatus
from tests.pages.rows import ALL, HTMX, link, names

pytestmark = pytest.mark.django_db
TREE = ALL + "?children=1"
GOAL = "/w/default/list/goal/"


@pytest.fixture
def sweep(log: Any) -> None:
    """A sweep of 13 runs, where one has a child of its own, and another root."""
    log("sweep", status=RunStatus.COMPLETED)
    for n in range(13):
        status = RunStatus.FAILED if n == 3 else RunStatus.COMPLETED
        log(f"c{n:02d}", parent="sweep", acc=n / 20, status=status, tags={"n": str(n)})
    log("fold", parent="c12", acc=0.99, tags={"n": "fold"})
    log("other", acc=0.3)


def rows(page: Any) -> list[str]:
    return re.findall(r"<tr [^>]*data-row=[^>]*>.*?</tr>", page.text, re.DOTALL)


def text(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def row(page: Any, name: str) -> str:
    return next(each for each in rows(page) if f'data-id="{name}"' in each)


def toggle(page: Any, name: str) -> str:
    [href] = re.findall(r'chevron"[^>]* href="([^"]*)"', row(page, name))
    return unescape(href)


def test_children_stay_closed_until_their_row_is_opened(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE)
    assert names(page) == ["other", "sweep"]
    assert "16 runs under 2 root runs" in text(page)
    assert "1–2 of 2 root runs" in page.text
    opened = visitor.get(ALL + link(page, "tree=sweep"))
    assert names(opened)[:3] == ["other", "sweep", "c12"]
    assert "Show 3 more child runs" in opened.text
    assert "newest first · 10 of 13 shown" in opened.text
    closed = visitor.get(ALL + re.findall(r'href="(\?children=1)"', opened.text)[0])
    assert names(closed) == ["other", "sweep"]


def test_more_children_and_deeper_levels_can_be_opened(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&tree=sweep")
    more = visitor.get(ALL + link(page, "tree=sweep:60"))
    assert len(names(more)) == 15
    assert "more child runs" not in more.text
    deep = visitor.get(ALL + link(more, "tree=sweep:60,c12"))
    assert names(deep)[2:4] == ["c12", "fold"]
    assert 'class="depth-2' in row(deep, "fold")


def test_open_rows_survive_sorting_filtering_and_refreshing(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&tree=sweep")
    by_acc = visitor.get(ALL + link(page, "sort=-metrics.acc"))
    assert names(by_acc)[:3] == ["sweep", "c12", "c11"]
    assert 'name="tree" value="sweep"' in page.text
    again = visitor.get(TREE + "&tree=sweep", headers=HTMX)
    assert names(again) == names(page)


def test_parents_of_a_match_are_shown(visitor: Client, sweep: None) -> None:
    page = visitor.get(TREE + "&q=tags.n=fold&tree=sweep,c12")
    assert names(page) == ["sweep", "c12", "fold"]
    gray = [' path"' in row(page, name) for name in ("sweep", "c12", "fold")]
    assert gray == [True, True, False]
    assert "under 1 root run" in page.text
    assert "No matching child runs" not in page.text


def test_a_match_opens_to_its_children_even_if_none_matches(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&q=id:sweep&tree=sweep")
    first, *others = names(page)
    assert first == "sweep"
    assert len(others) == 10
    assert all(' path"' in row(page, name) for name in others)
    assert ' path"' not in row(page, "sweep")
    assert "10 of 13 shown" in page.text


def test_parents_of_a_match_are_open_until_closed_by_the_user(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&q=tags.n=fold")
    assert names(page) == ["sweep", "c12", "fold"]
    assert 'aria-expanded="true"' in row(page, "c12")
    closed = visitor.get(ALL + toggle(page, "c12"))
    assert names(closed) == ["sweep", "c12"]
    opened = visitor.get(ALL + toggle(closed, "c12"))
    assert names(opened) == ["sweep", "c12", "fold"]
    assert names(visitor.get(ALL + toggle(opened, "c12"))) == ["sweep", "c12"]
    assert names(visitor.get(ALL + toggle(page, "sweep"))) == ["sweep"]


def test_an_open_parent_shows_its_first_matches_and_counts_the_rest(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&q=tag:n+status:completed")
    assert names(page) == ["sweep", "c12", "c11", "c10"]
    assert "Show 9 more child runs" in page.text
    more = visitor.get(ALL + link(page, "tree=sweep:53"))
    assert len(names(more)) == 13


def test_a_root_without_a_value_shows_the_child_value_it_is_sorted_by(
    visitor: Client, sweep: None
) -> None:
    page = visitor.get(TREE + "&columns=name,metrics.acc&sort=-metrics.acc")
    assert names(page) == ["sweep", "other"]
    assert re.search(r'class="[^"]*rolled[^"]*"[^>]*>0.99', row(page, "sweep"))
    rising = visitor.get(TREE + "&columns=name,metrics.acc&sort=metrics.acc")
    assert re.search(r'class="[^"]*rolled[^"]*"[^>]*>0', row(rising, "sweep"))
    assert "0.99, max of all child runs" in row(page, "sweep")
    assert "0.0, min of all child runs" in row(rising, "sweep")


def test_without_a_goal_no_child_value_represents_its_root(
    visitor: Client, sweep: None
) -> None:
    address = TREE + "&columns=name,metrics.acc"
    assert "rolled" not in row(visitor.get(address), "sweep")
    visitor.post(GOAL, {"field": "metrics.acc", "goal": "lower"})
    best = "0.0, best value of all child runs"
    assert best in row(visitor.get(address), "sweep")
    assert best in row(visitor.get(address + "&sort=metrics.acc"), "sweep")


def test_the_best_value_of_a_closed_row_has_the_mark(
    visitor: Client, sweep: None, log: Any
) -> None:
    log("single", acc=0.5)
    visitor.post(GOAL, {"field": "metrics.acc", "goal": "higher"})
    address = TREE + "&columns=name,metrics.acc"
    closed = visitor.get(address)
    assert "rolled best" in row(closed, "sweep")
    assert " best" not in row(closed, "single")
    log("better", acc=1.5)
    assert " best" in row(visitor.get(address), "better")
    assert "rolled best" not in row(visitor.get(address), "sweep")


def test_a_flat_list_has_children_as_rows(visitor: Client, sweep: None) -> None:
    page = visitor.get(TREE + "&flat=1")
    assert names(page)[0] == "other"
    assert len(names(page)) == 16
    assert 'name="flat" value="1" data-submit checked' in page.text


def test_rows_that_left_the_page_are_updated_with_their_indentation(
    visitor: Client, sweep: None, log: Any
) -> None:
    visitor.post(GOAL, {"field": "metrics.acc", "goal": "higher"})
    address = TREE + "&tree=sweep&columns=name,metrics.acc"
    before = visitor.get(address)
    keys = {row.run_id: str(row.key) for row in before.context["rows"]}
    for n in range(25):
        log(f"new{n}")
    shown = f"&rows=25&shown={'.'.join(keys.values())}"
    answer = visitor.get(address + shown, headers=HTMX)
    kept = {each.run_id: each for each in answer.context["kept_rows"]}
    assert kept.keys() == keys.keys()
    hung = {name: each.branch for name, each in kept.items()}
    places = {name: (each.depth, each.is_open) for name, each in hung.items()}
    assert places["sweep"] == (0, True)
    assert places["c12"] == (1, False)
    assert kept["c12"].branch.toggle
    assert not kept["c11"].branch.toggle
    assert "0.99" in row(answer, "sweep")


def test_with_only_differences_child_rows_have_as_many_cells_as_headers(
    visitor: Client, sweep: None
) -> None:
    asked = "&tree=sweep&differs=1&columns=name,status,experiment,metrics.acc"
    page = visitor.get(TREE + asked)
    heads = page.text.count("<th scope")
    assert heads
    for each in rows(page):
        assert each.count("<td") == heads
