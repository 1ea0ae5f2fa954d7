"""Selecting runs in the list, without a script: boxes, their numbers, the tray."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.run_list.selections import (
    DAY_MS,
    SELECTION_DAYS,
    delete_unused_selections,
    save_selection,
)
from runs.models import Experiment, Run, Selection, Workspace, now_ms
from runs.search.query import selection
from tests.pages.rows import ALL, HTMX, link, names
from tests.parts.elements import every, texts

pytestmark = pytest.mark.django_db
SELECT = "/w/default/list/select/"


def chosen(page: Any) -> dict[str, int]:
    """The selected rows of the page with the series of their boxes."""
    found = re.findall(r'class="pick-box series-(\d+)"[^>]*value="([^"]+)"', page.text)
    return {run_id: int(series) for series, run_id in found}


def tray_entries(page: Any) -> list[dict[str, Any]]:
    [runs] = re.findall(r'data-runs="([^"]*)"', page.text)
    found: list[dict[str, Any]] = json.loads(unescape(runs))
    return found


def selected(answer: Any) -> str:
    """What the address that the form answers with selects."""
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query).get("selected", [""])[0]


def test_none_clears_the_selection_before_runs_are_added(
    visitor: Client, log: Any
) -> None:
    for name in "abc":
        log(name)
    cleared = {"query": "selected=a,b&only=1", "none": "1"}
    assert selected(visitor.post(SELECT, cleared)) == ""
    assert selected(visitor.post(SELECT, {**cleared, "add": "c"})) == "c"
    assert "only" not in visitor.post(SELECT, cleared)["Location"]


def test_a_run_takes_the_lowest_free_number(visitor: Client, log: Any) -> None:
    for name in "abcd":
        log(name)
    first = visitor.post(SELECT, {"query": "", "add": "a,b,c"})
    assert selected(first) == "a,b,c"
    gone = visitor.post(SELECT, {"query": "selected=a,b,c", "toggle": "b"})
    assert selected(gone) == "a,,c"
    back = visitor.post(SELECT, {"query": "selected=a,,c", "toggle": "d"})
    assert selected(back) == "a,d,c"
    assert chosen(visitor.get(f"{ALL}?selected=a,,c,d")) == {"a": 1, "c": 3, "d": 4}


def test_colors_repeat_after_the_tenth(visitor: Client, log: Any) -> None:
    for n in range(12):
        log(f"r{n}")
    page = visitor.get(f"{ALL}?selected=" + ",".join(f"r{n}" for n in range(12)))
    assert [chosen(page)[f"r{n}"] for n in (0, 9, 10, 11)] == [1, 10, 1, 2]
    assert [each["number"] for each in tray_entries(page)] == list(range(1, 13))


def test_the_response_is_the_requested_list(
    visitor: Client, log: Any, experiment: Experiment
) -> None:
    log("a")
    query = "q=name:a&sort=name&rows=25"
    where = f"{SELECT}?in={experiment.number}"
    answer = visitor.post(where, {"query": query, "add": "a"})
    address = urlsplit(answer["Location"])
    assert address.path == "/w/default/experiments/digits/"
    assert visitor.get(answer["Location"]).status_code == 200
    assert parse_qs(address.query) == {
        "q": ["name:a"],
        "sort": ["name"],
        "rows": ["25"],
        "selected": ["a"],
    }


def test_the_selection_bar_counts_runs_on_other_pages(
    visitor: Client, log: Any
) -> None:
    for n in range(30):
        log(f"r{n:02d}", tags={"even": str(n % 2 == 0)})
    page = visitor.get(f"{ALL}?rows=25&selected=r29,r00,r01")
    assert ">3 selected</b>" in page.text
    assert "2 on other pages" in page.text
    assert "Select all 30 matching runs" in page.text
    later = visitor.get(ALL + link(page, "after="))
    assert set(chosen(later)) == {"r00", "r01"}
    other = visitor.get(f"{ALL}?q=tags.even+%3D+True&selected=r29,r00,r01")
    assert set(chosen(other)) == {"r00"}
    assert len(tray_entries(other)) == 3
    assert "selection-bar" not in visitor.get(ALL).text


def test_selected_only_shows_runs_that_the_filter_hides(
    visitor: Client, log: Any
) -> None:
    log("root")
    log("child", parent="root")
    log("other")
    page = visitor.get(f"{ALL}?selected=child,other&only=1")
    assert sorted(names(page)) == ["child", "other"]
    tree = visitor.get(f"{ALL}?children=1&selected=child&only=1")
    assert names(tree) == ["root", "child"]
    assert 'class="depth-0 path"' in tree.text


def test_the_page_or_all_matching_runs_can_be_selected(
    visitor: Client, log: Any
) -> None:
    for n in range(30):
        log(f"r{n:02d}", tags={"third": str(n % 3)})
    page = visitor.post(SELECT, {"query": "rows=25", "page": "1"})
    assert selected(page).split(",") == [f"r{n:02d}" for n in range(29, 4, -1)]
    none = visitor.post(
        SELECT, {"query": f"rows=25&selected={selected(page)}", "page": "0"}
    )
    assert selected(none) == ""
    matching = visitor.post(
        SELECT, {"query": "q=tags.third+%3D+0&selected=r01", "all": "1"}
    )
    found = selected(matching).split(",")
    assert (found[0], len(found)) == ("r01", 11)
    # A box that was cleared after all were asked for stays clear.
    all_but = visitor.post(SELECT, {"query": "", "all": "1", "drop": "r07"})
    assert len(selected(all_but).split(",")) == 29


def test_a_large_selection_is_stored_on_the_server(visitor: Client, log: Any) -> None:
    for n in range(60):
        log(f"r{n:02d}")
    answer = visitor.post(SELECT, {"query": "", "all": "1"})
    slug = selected(answer)
    assert slug.startswith("s.")
    page = visitor.get(f"{ALL}?rows=25&selected={slug}")
    assert ">60 selected</b>" in page.text
    assert len(chosen(page)) == 25
    assert len(names(visitor.get(f"{ALL}?rows=100&only=1&selected={slug}"))) == 60
    fewer = visitor.post(SELECT, {"query": f"selected={slug}", "drop": "r59"})
    assert selected(fewer) != slug
    again = visitor.post(SELECT, {"query": f"selected={selected(fewer)}", "add": "r59"})
    assert selected(again) == slug
    assert Selection.objects.count() == 2


def test_an_unused_stored_selection_expires(visitor: Client, log: Any) -> None:
    for n in range(51):
        log(f"r{n:02d}")
    slug = selected(visitor.post(SELECT, {"query": "", "all": "1"}))
    late = now_ms() + (SELECTION_DAYS - 1) * DAY_MS
    assert delete_unused_selections(late) == 0
    Selection.objects.update(used=now_ms() - 3 * DAY_MS)
    visitor.get(f"{ALL}?selected={slug}")
    assert delete_unused_selections(late) == 0
    assert delete_unused_selections(late + 3 * DAY_MS) == 1
    page = visitor.get(f"{ALL}?selected={slug}")
    assert "selected: the selection" in page.text
    assert selected(visitor.post(SELECT, {"query": f"selected={slug}", "add": "r01"}))


def test_a_stored_selection_belongs_to_one_workspace(
    visitor: Client, log: Any, workspace: Workspace
) -> None:
    run = log("a")
    other = Workspace.objects.create(name="elsewhere")
    kept = save_selection(other, [run.pk], now=1)
    page = visitor.get(f"{ALL}?selected=s.{kept.slug}")
    [notice] = texts(page, "#list-notice li")
    assert notice.startswith("selected: the selection")
    assert every(page, "tr[aria-selected=true]") == []


def test_deleted_runs_of_a_selection_are_reported(visitor: Client, log: Any) -> None:
    log("a")
    log("trashed")
    Run.objects.filter(run_id="trashed").update(deleted=now_ms())
    page = visitor.get(f"{ALL}?selected=nosuch,a,trashed")
    assert "Selected, but not found: nosuch, trashed." in page.text
    assert chosen(page) == {"a": 2}
    sheet = visitor.get(
        f"{ALL}?selected=nosuch,a", headers={"Accept": "application/json"}
    )
    assert sheet.json()["notices"] == ["Selected, but not found: nosuch."]
    added = visitor.post(SELECT, {"query": "selected=nosuch,a", "add": "a"})
    assert selected(added) == ",a"


def test_a_too_large_selection_is_refused(
    visitor: Client, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MAX_SELECTED", 2)
    for name in "abc":
        log(name)
    refused = visitor.post(SELECT, {"query": "", "add": "a,b,c"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"query": "%00&&=;selected=,,,", "add": ",,,\x00"},
        {"query": "selected=" + "x," * 500, "toggle": "a" * 5000},
        {"query": "q=a+and", "page": "1"},
        {"query": "after=x", "page": "1"},
        {"query": "selected=s.,s.x&only=1", "all": "1"},
        {},
    ],
)
def test_an_invalid_selection_causes_no_server_error(
    visitor: Client, log: Any, given: dict[str, str]
) -> None:
    log("a")
    assert visitor.post(SELECT, given).status_code in (302, 400)


def test_the_number_of_queries_does_not_depend_on_the_selection(
    visitor: Client, log: Any
) -> None:
    for n in range(60):
        log(f"r{n:02d}")
    slug = selected(visitor.post(SELECT, {"query": "", "all": "1"}))

    def cost(query: str) -> int:
        visitor.get(f"{ALL}?{query}", headers=HTMX)
        with CaptureQueriesContext(connection) as captured:
            visitor.get(f"{ALL}?{query}", headers=HTMX)
        return len(captured)

    none, one = cost("rows=25"), cost("rows=25&selected=r01")
    assert cost("rows=25&selected=r01,r02,r03,r04") == one <= none + 2
    assert cost(f"rows=25&selected={slug}") <= none + 4
