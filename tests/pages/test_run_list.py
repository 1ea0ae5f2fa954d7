"""The run list: what the address asks for is what the page shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.ingest import Point, log_metrics
from runs.actions.lifecycle import move
from runs.actions.runs import create_run
from runs.models import Experiment, Run, RunStar, User, Workspace
from studio.core.statuses import RunStatus
from tests.access.people import browser_of

pytestmark = pytest.mark.django_db

ALL = "/w/default/runs/"
DIGITS = "/w/default/experiments/digits/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def log(experiment: Experiment, actor: Actor, now: int) -> Any:
    """Makes a run: `log("a", acc=0.9, tags={"model": "resnet"})`."""

    def make(
        name: str,
        *,
        acc: float | None = None,
        status: RunStatus = RunStatus.RUNNING,
        tags: Mapping[str, str | None] | None = None,
        params: Mapping[str, str] | None = None,
        parent: str = "",
    ) -> Run:
        run = create_run(
            experiment,
            run_id=name,
            name=name,
            actor=actor,
            now=now,
            started=now,
            tags=tags,
            params=params,
            parent_run_id=parent,
        )
        if acc is not None:
            log_metrics(run, [Point("acc", acc, now, 0)], actor=actor, now=now)
        if status.is_final:
            move(run, status, actor=actor, now=now + 90_000, ended=now + 90_000)
        return run

    return make


def names(page: Any) -> list[str]:
    return re.findall(r'data-row-link title="([^"]*)"', page.text)


def link(page: Any, pattern: str) -> str:
    """The first address in the page that matches."""
    found = re.search(rf'href="([^"]*{pattern}[^"]*)"', page.text)
    assert found, pattern
    return found[1].replace("&amp;", "&")


def test_the_newest_root_runs_come_first(browser: Client, log: Any) -> None:
    log("first")
    log("second")
    log("child", parent="first")
    assert names(browser.get(ALL)) == ["second", "first"]
    assert names(browser.get(ALL + "?children=1")) == ["child", "second", "first"]


def test_an_experiment_shows_only_its_runs(
    browser: Client, log: Any, workspace: Workspace, actor: Actor, now: int
) -> None:
    other = create_experiment(workspace, "/Shared/YOLOv8", actor=actor, now=now)
    create_run(other, run_id="elsewhere", name="elsewhere", actor=actor, now=now)
    log("here")
    assert names(browser.get(DIGITS)) == ["here"]
    assert names(browser.get(f"/w/default/experiments/~{other.number}/")) == [
        "elsewhere"
    ]


def test_the_filter_is_in_the_address(browser: Client, log: Any) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    page = browser.get(ALL, {"q": "metrics.acc > 0.5"})
    assert names(page) == ["good"]
    assert 'value="metrics.acc &gt; 0.5"' in page.text


def test_a_pill_leads_to_the_list_without_its_term(browser: Client, log: Any) -> None:
    log("good", acc=0.9, tags={"model": "resnet"})
    page = browser.get(ALL, {"q": "metrics.acc > 0.5 tags.model = vgg"})
    assert names(page) == []
    [without] = re.findall(
        r'<a class="remove" href="([^"]*)"[^>]*aria-label="[^"]*model', page.text
    )
    assert names(browser.get(ALL + without.replace("&amp;", "&"))) == ["good"]


def test_a_value_leads_to_only_it_or_anything_but_it(browser: Client, log: Any) -> None:
    log("a", tags={"model": "resnet"})
    log("b", tags={"model": "vgg"})
    log("c")
    page = browser.get(ALL)
    only = link(page, 'q=tags.model[^"]*resnet')
    assert names(browser.get(ALL + only)) == ["a"]
    [but] = re.findall(r'data-but="([^"]*resnet)"', page.text)
    assert names(browser.get(ALL + but)) == ["c", "b"]


def test_a_tag_without_a_value_leads_to_all_that_have_it(
    browser: Client, log: Any
) -> None:
    log("a", tags={"worth another look": None})
    log("b")
    page = browser.get(ALL)
    assert names(browser.get(ALL + link(page, "worth"))) == ["a"]


def test_another_value_of_the_same_field_replaces_the_first(
    browser: Client, log: Any
) -> None:
    log("a", status=RunStatus.FAILED)
    log("b", status=RunStatus.COMPLETED)
    page = browser.get(ALL, {"q": "status:failed"})
    assert names(browser.get(ALL + link(page, "Completed"))) == ["b"]


def test_the_strip_counts_what_could_be_chosen(browser: Client, log: Any) -> None:
    log("a", status=RunStatus.FAILED)
    log("b", status=RunStatus.COMPLETED)
    page = browser.get(ALL, {"q": "status:failed"})
    counts = {entry.group: entry.count for entry in page.context["strip"]}
    assert (counts["Failed"], counts["Completed"], counts["Running"]) == (1, 1, 0)
    chosen = [entry.group for entry in page.context["strip"] if entry.chosen]
    assert chosen == ["Failed"]


def test_a_heads_link_sorts_and_then_turns_the_order(browser: Client, log: Any) -> None:
    log("low", acc=0.1)
    log("high", acc=0.9)
    log("none")
    first = link(browser.get(ALL), "sort=-metrics.acc")
    page = browser.get(ALL + first)
    assert names(page) == ["high", "low", "none"]
    second = link(page, "sort=metrics.acc")
    assert names(browser.get(ALL + second)) == ["low", "high", "none"]


def test_the_commonest_metrics_are_shown_until_columns_are_chosen(
    browser: Client, log: Any
) -> None:
    log("a", acc=0.81374)
    assert "0.8137" in browser.get(ALL).text
    assert "0.8137" not in browser.get(ALL + "?columns=name,status").text


def test_pages_lead_to_each_other(browser: Client, log: Any) -> None:
    for number in range(60):
        log(f"run-{number:02d}")
    first = browser.get(ALL + "?rows=25")
    second = browser.get(ALL + first.context["next"])
    third = browser.get(ALL + second.context["next"])
    assert names(first)[0] == "run-59"
    assert [len(names(page)) for page in (first, second, third)] == [25, 25, 10]
    assert third.context["next"] == ""
    back = browser.get(ALL + second.context["previous"])
    assert names(back) == names(first)


def test_htmx_gets_exactly_the_fragment_of_the_page(browser: Client, log: Any) -> None:
    log("a")
    answer = browser.get(ALL, headers=HTMX)
    assert answer.text.startswith('<div id="run-table"')
    assert "HX-Request" in answer.headers["Vary"]
    whole = browser.get(ALL).text
    assert answer.text.strip() in whole


def test_a_wrong_filter_says_where_and_leaves_the_rows_alone(
    browser: Client, log: Any
) -> None:
    log("a", acc=0.9)
    answer = browser.get(ALL, {"q": "metrics.acc > high"}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#filter-note"
    assert "<mark>high</mark>" in answer.text
    assert "Expected a number" in answer.text
    assert names(browser.get(ALL + link(answer, "0.8"))) == ["a"]


def test_a_page_with_a_wrong_filter_shows_no_run(browser: Client, log: Any) -> None:
    log("a")
    page = browser.get(ALL, {"q": "colour = red"})
    assert page.status_code == 400
    assert names(page) == []
    assert 'id="filter-note"' in page.text


@pytest.mark.parametrize("query", ["sort=log", "rows=7", "after=x", "children=yes"])
def test_a_bad_value_in_the_address_is_refused(browser: Client, query: str) -> None:
    assert browser.get(f"{ALL}?{query}").status_code == 400


def test_nothing_new_costs_nothing(browser: Client, log: Any, actor: Actor) -> None:
    run = log("a", acc=0.9)
    etag = browser.get(ALL, headers=HTMX).headers["ETag"]
    asked = {**HTMX, "If-None-Match": etag}
    assert browser.get(ALL, headers=asked).status_code == 304
    log_metrics(run, [Point("acc", 0.95, 1, 1)], actor=actor, now=run.created + 1)
    assert browser.get(ALL, headers=asked).status_code == 200


def test_a_parent_rolls_its_children_up(browser: Client, log: Any) -> None:
    log("sweep")
    log("one", parent="sweep", status=RunStatus.COMPLETED)
    log("two", parent="sweep", status=RunStatus.FAILED)
    page = browser.get(ALL)
    assert page.context["rows"][0].rollup == (("Completed", 1), ("Failed", 1))
    assert names(browser.get(ALL + link(page, "parent"))) == ["two", "one"]


def test_an_empty_workspace_says_how_to_begin(browser: Client) -> None:
    page = browser.get(ALL).text
    assert "studio env" in page
    assert "import" in page


def test_a_filter_without_matches_leads_out(browser: Client, log: Any) -> None:
    log("a")
    page = browser.get(ALL, {"q": "nothing-like-it"}).text
    assert "No run matches" in page
    assert "studio env" not in page


def test_names_are_shown_as_text(browser: Client, log: Any) -> None:
    run = log("a", tags={"<i>k": "<b>v"})
    Run.objects.filter(pk=run.pk).update(name="<script>alert(1)</script>")
    page = browser.get(ALL).text
    assert "<script>alert" not in page
    assert "<b>v" not in page


def test_a_star_is_ones_own(browser: Client, log: Any, owner: User) -> None:
    run = log("a")
    answer = browser.post(f"{ALL}a/star/", {"starred": "1"}, headers=HTMX)
    assert 'aria-pressed="true"' in answer.text
    assert RunStar.objects.get(run=run).user == owner
    assert names(browser.get(ALL, {"q": "starred"})) == ["a"]


def test_the_number_of_queries_does_not_depend_on_the_rows(
    browser: Client, log: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(ALL)
        return len(captured)

    log("r0", acc=0.1, tags={"a": "b"}, params={"lr": "1"})
    queries()
    few = queries()
    for number in range(1, 20):
        log(f"r{number}", acc=0.1, tags={"a": "b"}, params={"lr": "1"})
        log(f"c{number}", parent=f"r{number}")
    assert queries() == few <= 30


def test_the_page_goes_compressed_and_still_knows_what_is_new(
    browser: Client, log: Any
) -> None:
    log("a")
    asked = {**HTMX, "Accept-Encoding": "gzip"}
    answer = browser.get(ALL, headers=asked)
    assert answer.headers["Content-Encoding"] == "gzip"
    etag = answer.headers["ETag"]
    again = browser.get(ALL, headers={**asked, "If-None-Match": etag})
    assert again.status_code == 304


def test_what_is_not_offered_is_said_beside_the_box(browser: Client, log: Any) -> None:
    log("a")
    answer = browser.get(ALL, {"q": "log:error"}, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#filter-note"
    assert "log" in answer.text
