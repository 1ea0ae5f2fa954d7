"""The filters of the activity page: the time, the editor of terms, the changed runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.bulk import FlagChange, TagChange, apply_bulk_change
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.run_edits import rename_run, set_run_tags
from runs.actions.run.runs import create_run
from runs.actions.undo import undo_change_set
from runs.models import ChangeSet, ChangeWay, Run, now_ms
from runs.search.activity import counts
from tests.access.people import Team, browser_of, make_team
from tests.parts.elements import Element, parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/activity/"
TIME = ".pill.time"


@pytest.fixture
def team() -> Team:
    made = make_team()
    ChangeSet.objects.all().delete()
    return made


@pytest.fixture
def runs(team: Team) -> list[Run]:
    act: dict[str, Any] = {"actor": Actor(team.owner), "now": now_ms()}
    place = create_experiment(team.workspace, "digits", **act)
    return [create_run(place, run_id=f"r{n}", name=f"run {n}", **act) for n in range(5)]


def by(user: Any) -> dict[str, Any]:
    return {"actor": Actor(user, way=ChangeWay.BROWSER), "now": now_ms()}


def page_of(client: Client, query: str = "") -> Element:
    return parse_page(client.get(PAGE + query))


def listed(client: Client, link: Element) -> set[str]:
    """The IDs of the runs in the list that a link opens."""
    page = parse_page(client.get(link["href"]))
    hrefs = [each["href"] for each in page.all("#run-table a")]
    return set(re.findall(r"/runs/(r\d)/(?= )", " ".join([*hrefs, ""])))


def change_some(team: Team, runs: list[Run]) -> None:
    rename_run(runs[0], "one", **by(team.contributor))
    rename_run(runs[0], "two", **by(team.contributor))
    trash = FlagChange("deleted", True, now_ms())
    some = [runs[0].pk, runs[1].pk]
    apply_bulk_change(team.workspace, some, trash, **by(team.contributor))
    archive = FlagChange("archived", True, now_ms())
    apply_bulk_change(team.workspace, [runs[2].pk], archive, **by(team.owner))


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("", {"r0", "r1", "r2"}),
        ("?q=changed:-1h", {"r0", "r1", "r2"}),
        ("?q=changed_by:contributor", {"r0", "r1"}),
        ("?member=contributor", {"r0", "r1"}),
        ("?member=contributor&member=owner", {"r0", "r1", "r2"}),
    ],
)
def test_the_changed_runs_are_counted_and_listed(team, runs, query, changed):
    change_some(team, runs)
    client = browser_of(team.owner)
    total = page_of(client, query).one(".activity-total")
    assert total.text.endswith(f"to {len(changed)} runs")
    assert listed(client, total.one("a")) == changed


def test_runs_of_undos_are_counted_too(team, runs):
    rename_run(runs[0], "one", **by(team.contributor))
    ChangeSet.objects.update(time=1_000)
    undo_change_set(ChangeSet.objects.get(), **by(team.contributor))
    client = browser_of(team.owner)
    total = page_of(client, "?member=contributor").one(".activity-total")
    assert total.text.endswith("to 1 run")
    assert listed(client, total.one("a")) == {"r0"}


@pytest.mark.parametrize(
    "query",
    [
        "?kind=rename",
        "?way=browser",
        "?run=r0",
        "?experiment=digits",
        "?current=1",
        "?q=changed:-1h changed_by:contributor",
        "?q=changed:-1h&member=contributor",
        "?q=name:two deleted:true",
    ],
)
def test_changed_runs_that_no_filter_finds_are_only_counted(team, runs, query):
    change_some(team, runs)
    set_run_tags(runs[3], {"a": "1"}, **by(team.owner))
    total = page_of(browser_of(team.owner), query).one(".activity-total")
    assert " to " in total.text
    assert not total.all("a")


def test_the_runs_of_very_many_changes_are_not_counted(team, runs, monkeypatch):
    monkeypatch.setattr(counts, "MAX_COUNTED_CHANGES", 4)
    change = TagChange({"stage": "candidate"})
    keys = [run.pk for run in runs]
    apply_bulk_change(team.workspace, keys[:4], change, **by(team.owner))
    client = browser_of(team.owner)
    assert page_of(client).one(".activity-total").text == "1 change to 4 runs"
    apply_bulk_change(team.workspace, keys[4:], change, **by(team.owner))
    assert page_of(client).one(".activity-total").text == "2 changes"


def test_the_time_is_a_pill_that_opens_other_times(team, runs):
    client = browser_of(team.owner)
    page = page_of(client, "?q=changed:-7d and name:run&kind=rename")
    pill = page.one(TIME)
    assert pill.one("summary").text == "Changed: last 7 days"
    assert pill.one(".menu-item[aria-current]").text == "Last 7 days"
    # It is no other pill as well.
    assert [each.one(".term").text for each in page.all(".pill")[1:]] == [
        "Display name: run"
    ]
    without = page_of(client, pill.one(".remove")["href"].removeprefix(PAGE))
    assert without.one(f"{TIME} summary").text == "Changed: Any time"
    assert not without.all(f"{TIME} .remove")
    assert [each.one(".term").text for each in without.all(".pill")[1:]] == [
        "Display name: run"
    ]


@pytest.mark.parametrize("opener", ["#add-filter", "#edit-time", "#pill-0"])
def test_the_editor_of_filters_comes_back_to_the_same_choices(team, runs, opener):
    client = browser_of(team.owner)
    here = "?q=name:run&member=owner&kind=rename&token=7&current=1"
    link = page_of(client, here).one(opener)
    editor = parse_page(client.get(link["href"]))
    if opener == "#add-filter":
        assert "Add filter" in editor.one("h1").text
        [field] = [
            each for each in editor.all(".field-list a") if each["title"] == "status"
        ]
        editor = parse_page(client.get(field["href"]))
    form = editor.one("#editor-form")
    sent = [
        (each["name"], each["value"])
        for each in form.all("input[type=hidden]")
        if each["name"] != "op"
    ]
    names = {"#add-filter": "status", "#edit-time": "changed", "#pill-0": "name"}
    values = {"#add-filter": "Failed", "#edit-time": "-3", "#pill-0": "two"}
    operators = {"#add-filter": "in", "#edit-time": "last", "#pill-0": "contains"}
    sent += [("field", names[opener]), ("op", operators[opener]), ("apply", "1")]
    sent += [("value", values[opener].removeprefix("-")), ("unit", "d")]
    query: dict[str, list[str]] = {}
    for name, value in sent:
        query.setdefault(name, []).append(value)
    reply = client.get(form["action"], query)
    assert reply.status_code == 302, reply.content
    assert reply["Location"].startswith(PAGE)
    terms = {
        "#add-filter": "status",
        "#edit-time": "changed >= -3d",
        "#pill-0": "name contains two",
    }
    page = page_of(client, reply["Location"].removeprefix(PAGE))
    assert terms[opener] in page.one("#q")["value"]
    kept = {(each["name"], each["value"]) for each in page.all("#filter-form input")}
    assert {("member", "owner"), ("kind", "rename"), ("token", "7")} <= kept
    assert not page.all("input[name=current][checked]")


def test_the_editor_leaves_the_activity_only_for_the_activity(team):
    given = {"q": "", "in": "activity.q=x&next=//evil", "field": "changed"}
    given |= {"op": "last", "value": "3", "unit": "d", "apply": "1"}
    reply = browser_of(team.owner).get("/w/lab/list/filter/", given)
    assert reply["Location"] == f"{PAGE}?q=changed+%3E%3D+-3d&next=%2F%2Fevil"
