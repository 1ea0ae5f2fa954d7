"""The run page's tab Child runs: the run list, scoped."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run
from runs.pages.lists import build_scope
from runs.pages.lists.run_table import ACTIVE_POLL_SECONDS
from studio.core.statuses import RunStatus
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, log
from tests.parts.elements import one

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

CHILDREN = f"{PAGE}children/"


@pytest.fixture
def kids(experiment: Experiment, run: Run, actor: Actor, now: int) -> list[Run]:
    by: Any = {"actor": actor, "now": now}
    found = [
        create_run(experiment, run_id=f"kid-{n}", parent_run_id="run-1", **by)
        for n in range(3)
    ]
    create_run(experiment, run_id="grandkid", parent_run_id="kid-0", **by)
    create_run(experiment, run_id="other", **by)
    return found


def shown(browser: Client, query: str = "") -> set[str]:
    rows = browser.get(CHILDREN + query).context["rows"]
    return {row.run_id for row in rows}


@pytest.mark.usefixtures("kids")
def test_the_tab_lists_the_children_and_no_others(browser: Client) -> None:
    assert shown(browser) == {"kid-0", "kid-1", "kid-2"}
    page = browser.get(PAGE)
    assert {t.name: t.count for t in page.context["tabs"]}["children"] == 3
    assert f'href="{CHILDREN}">3</a>' in page.text


def test_the_columns_are_the_metrics_of_the_children(
    browser: Client, run: Run, kids: list[Run]
) -> None:
    log(run, total=[1.0])
    log(kids[0], score=[0.5])
    page = browser.get(CHILDREN)
    assert "metrics.score" in page.context["columns"]
    assert "metrics.total" not in page.context["columns"]
    everywhere = browser.get("/w/default/runs/").context["columns"]
    assert "metrics.total" in everywhere
    dialog = browser.get("/w/default/list/columns/?in=run.run-1").text
    assert 'name="shown" value="metrics.score"' in dialog


@pytest.mark.usefixtures("kids")
def test_the_filter_applies_to_the_children(browser: Client) -> None:
    assert shown(browser, "?q=id:kid-1") == {"kid-1"}
    assert shown(browser, "?q=id:kid-1 or id:other") == {"kid-1"}
    assert shown(browser, "?sort=name") == {"kid-0", "kid-1", "kid-2"}


WRONG = ["id:(", 'id:other or id:"', "id:other or nosuch.field = 1", "id:other)", "((("]


@pytest.mark.usefixtures("kids")
@pytest.mark.parametrize("q", WRONG)
def test_a_wrong_filter_shows_no_run_of_another_parent(browser: Client, q: str) -> None:
    page = browser.get(CHILDREN, {"q": q})
    assert page.status_code == 400
    assert page.context["problem"]
    assert {row.run_id for row in page.context["rows"]} <= {
        "kid-0",
        "kid-1",
        "kid-2",
    }
    assert html.escape(q) in page.text


@pytest.mark.usefixtures("kids")
def test_an_unreadable_filter_shows_all_children(browser: Client) -> None:
    rows = browser.get(CHILDREN, {"q": "((("}).context["rows"]
    assert len(rows) == 3


@pytest.mark.usefixtures("kids")
def test_the_run_header_is_above_the_child_list(browser: Client, run: Run) -> None:
    page = browser.get(CHILDREN)
    assert one(page, "#run-title h1").text == run.name
    assert one(page, "#run-tabs [aria-current=page]")["href"] == CHILDREN
    assert "<html" not in browser.get(CHILDREN, headers=HTMX).text


@pytest.mark.parametrize(
    ("q", "scoped"),
    [
        ("", "parent:a"),
        ("parent = a", "parent = a"),
        ("status:failed", "parent:a and (status:failed)"),
        ("x or y", "parent:a and (x or y)"),
        ("x y", "parent:a x y"),
        ("(", "("),
    ],
)
def test_the_filter_always_includes_the_parent(q: str, scoped: str) -> None:
    scope = build_scope("default", None, "run.a")
    assert scope.scoped(q) == scoped
    assert scope.unscoped(scoped) == ("" if q == "parent = a" else q)


@pytest.mark.usefixtures("kids")
def test_the_parent_is_no_part_of_the_editable_filter(browser: Client) -> None:
    page = browser.get(CHILDREN, {"q": "id:kid-1 or id:kid-2"})
    assert one(page, "#q")["value"] == "id:kid-1 or id:kid-2"
    assert [pill.text for pill in page.context["pills"]] == ["id:kid-1 or id:kid-2"]
    again = browser.get(CHILDREN, {"q": "parent:run-1 and (id:kid-1 or id:kid-2)"})
    assert one(again, "#q")["value"] == "id:kid-1 or id:kid-2"
    assert browser.get(CHILDREN).context["pills"] == []
    none = browser.get(CHILDREN, {"q": "id:kid-1 and id:kid-2"})
    assert "run-1" not in {text for _label, text, *_ in none.context["suggestions"]}


@pytest.mark.usefixtures("kids")
def test_completion_counts_only_child_runs(browser: Client) -> None:
    where = "/w/default/list/complete/?in=run.run-1&text=status:"
    assert re.findall(r'class="count">(\d+)', browser.get(where).text) == ["3"]


@pytest.mark.usefixtures("kids")
def test_the_tab_costs_the_same_for_any_number(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    before = cost(browser, CHILDREN)
    for n in range(5):
        name = f"more-{n}"
        create_run(experiment, run_id=name, parent_run_id="run-1", actor=actor, now=now)
    assert cost(browser, CHILDREN) == before


def hrefs(page: str) -> set[str]:
    return {
        html.unescape(each) for each in re.findall(r'(?:href|src)="([^"#]+)"', page)
    }


CHART = "line!metrics.loss"


@pytest.mark.usefixtures("kids")
@pytest.mark.parametrize(
    ("part", "more", "kept"),
    [
        ("columns/", "done=1&add=params.lr", "columns="),
        ("group/", "", ""),
        ("charts/", "", ""),
        ("filter/", "field=status&has=in&value=Running&apply=1", "q="),
        ("head/", "", ""),
        ("facets/", "", "facets=1"),
        ("facets/range/", "field=metrics.acc&low=1", "q="),
        ("charts/brush/", "field=metrics.acc&low=1", "q="),
    ],
)
def test_forms_of_the_list_return_to_the_tab(
    browser: Client, part: str, more: str, kept: str
) -> None:
    page = browser.get(f"{CHILDREN}?columns=name,status&facets=1").text
    address = f"/w/default/list/{part}"
    links = [each for each in hrefs(page) if each.startswith(f"{address}?")]
    asked = links[0] if links else f"{address}?in=run.run-1&q=parent:run-1"
    assert "in=run.run-1" in asked
    answer = browser.get(f"{asked}&{more}")
    if kept:
        assert answer.status_code == 302
        assert answer["Location"].startswith(CHILDREN)
        assert kept in answer["Location"]
    else:
        assert f'href="{CHILDREN}?' in answer.text
        assert ">Child runs</a>" in answer.text


@pytest.mark.usefixtures("kids")
def test_every_link_of_the_list_stays_in_the_tab(browser: Client) -> None:
    page = browser.get(f"{CHILDREN}?selected=kid-0,kid-1&facets=1&charts={CHART}").text
    own = "/w/default/list/bulk/move/?selected=run-1"
    links = set(hrefs(page)) - {own}
    parts = {each for each in links if each.startswith("/w/default/list/")}
    assert len(parts) > 5
    assert [each for each in parts if "in=run.run-1" not in each] == []
    assert 'data-in="run.run-1"' in page
    assert f'href="{CHILDREN}?view=default"' in page


@pytest.mark.usefixtures("kids")
def test_selecting_rows_stays_in_the_tab(browser: Client) -> None:
    page = browser.get(CHILDREN)
    form = {"query": page.context["select_query"], "page": "1"}
    answer = browser.post(page.context["select_url"], form)
    assert answer["Location"].startswith(f"{CHILDREN}?")
    assert "kid-2" in answer["Location"]


@pytest.mark.usefixtures("kids")
def test_a_view_saved_in_the_tab_names_the_parent(browser: Client) -> None:
    state = browser.get(f"{CHILDREN}?sort=name").context["view_state"]
    answer = browser.post(
        "/w/default/views/new/", {"state": state, "name": "Mine"}, follow=True
    )
    assert {row.run_id for row in answer.context["rows"]} == {
        "kid-0",
        "kid-1",
        "kid-2",
    }


@pytest.mark.usefixtures("kids")
def test_the_default_list_of_children_counts_as_unchanged(browser: Client) -> None:
    page = browser.get(CHILDREN)
    assert page.context["view_changed"] == ""
    menu = browser.get(page.context["view_menu_href"], headers=HTMX)
    assert menu.context["view_changed"] == ""
    narrowed = browser.get(f"{CHILDREN}?q=id:kid-1")
    assert narrowed.context["view_changed"] == "+1 filter"


def test_the_header_can_be_requested_alone(browser: Client, run: Run) -> None:
    asked = f"{CHILDREN}?part=head"
    assert f'data-news="{asked}"' in browser.get(CHILDREN).text
    assert "run-table" in browser.get(asked).text
    answer = browser.get(asked, headers=HTMX)
    assert "run-table" not in answer.text
    for part in ("run-title", "run-state", "run-toolbar", "run-tabs"):
        assert f'id="{part}"' in answer.text
    assert f'href="{CHILDREN}" aria-current="page"' in answer.text
    assert "part=head" not in answer.text.replace(f'data-news="{asked}"', "")
    again = browser.get(asked, headers={**HTMX, "If-None-Match": answer["ETag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("kids")
def test_children_update_after_their_parent_has_ended(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    page = browser.get(CHILDREN)
    assert (page.context["head_pace"], page.context["pace"]) == (0, ACTIVE_POLL_SECONDS)
