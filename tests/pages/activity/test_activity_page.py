"""The activity page: what each member sees of all change sets, and undoes there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runs.actions.actor import Actor
from runs.actions.background_tasks import start_bulk_change
from runs.actions.bulk import (
    FlagChange,
    LockChange,
    TagChange,
    apply_bulk_change,
)
from runs.actions.experiments.experiments import create_experiment
from runs.actions.public import create_share_link
from runs.actions.run.run_edits import rename_run, set_run_tags, star_run
from runs.actions.run.runs import create_run
from runs.actions.views.views import ViewState, create_view, edit_view
from runs.models import ChangeSet, ChangeWay, Role, Run, now_ms
from studio.core.view_spec import ViewSpec
from tests.access.people import Team, bearer, browser_of, make_team, token_of
from tests.actions.background_tasks.working import do_background_tasks
from tests.parts.elements import Element, parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/activity/"


@pytest.fixture
def team() -> Team:
    made = make_team()
    # The members themselves were added by changes.
    ChangeSet.objects.all().delete()
    return made


@pytest.fixture
def runs(team: Team) -> list[Run]:
    act: dict[str, Any] = {"actor": Actor(team.owner), "now": now_ms()}
    place = create_experiment(team.workspace, "digits", **act)
    return [create_run(place, run_id=f"r{n}", name=f"run {n}", **act) for n in range(5)]


def by(user, way: ChangeWay = ChangeWay.BROWSER):
    return {"actor": Actor(user, way=way), "now": now_ms()}


def lines(client: Client, query: str = "") -> list[str]:
    page = parse_page(client.get(PAGE + query))
    return [each.text for each in page.all(".activity-entry .sentence")]


def entries(client: Client, query: str = "") -> list[Element]:
    return parse_page(client.get(PAGE + query)).all(".activity-entry")


def test_the_feed_says_who_did_what_to_how_many(team, runs):
    keys = [run.pk for run in runs]
    rename_run(runs[0], "baseline", **by(team.contributor))
    change = TagChange({"stage": "candidate"}, ())
    apply_bulk_change(team.workspace, keys, change, **by(team.owner))
    found = lines(browser_of(team.owner))
    assert found[0] == "You tagged 5 runs in digits with stage: candidate"
    assert found[1].endswith("renamed a run: run 0 → baseline")


def test_each_member_has_one_color(team, runs):
    for person in (team.contributor, team.owner, team.contributor):
        rename_run(runs[0], f"by {person.pk}", **by(person))
    page = browser_of(team.owner).get(PAGE).text
    tones = re.findall(r'<span class="avatar (tone-\d)"', page)
    assert len(tones) == 3
    assert tones[0] == tones[2] != tones[1]


def test_stars_and_private_views_are_seen_by_their_author_alone(team, runs):
    star_run(runs[0], team.owner, True, **by(team.owner))
    view = create_view(team.workspace, "mine", ViewState(ViewSpec()), **by(team.owner))
    edit_view(view, {"name": "first secret"}, **by(team.owner))
    assert len(lines(browser_of(team.owner))) == 3
    assert lines(browser_of(team.contributor)) == []
    number = ChangeSet.objects.latest("pk").pk
    assert browser_of(team.contributor).get(f"{PAGE}{number}/").status_code == 404
    # Sharing it shows the change that shared it, and none of the time before.
    edit_view(view, {"shared": True}, **by(team.owner))
    shared = lines(browser_of(team.contributor))
    assert [each.partition(" ")[2] for each in shared] == ["shared view first secret"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?kind=rename", 1),
        ("?way=cli", 1),
        ("?member=contributor", 2),
        ("?member=contributor&kind=rename", 0),
        ("?run=r1", 2),
        ("?experiment=digits", 3),
        ("?experiment=nosuch", 0),
        ("?q=changed_by:contributor", 2),
        ("?q=not changed_by:contributor", 1),
        ("?q=changed:-1h", 3),
        ("?q=changed:<-1h", 0),
        ("?q=id:r0", 1),
        ("?q=name:other", 1),
        ("?current=1", 1),
        # The switch is on.
        ("?current=1&current=0", 3),
    ],
)
def test_filters(team, runs, query, found):
    user = team.contributor
    rename_run(runs[0], "other", **by(team.owner, ChangeWay.CLI))
    set_run_tags(runs[1], {"a": "1"}, **by(user))
    trash = FlagChange("deleted", True, now_ms())
    apply_bulk_change(team.workspace, [runs[1].pk], trash, **by(user))
    assert len(lines(browser_of(team.owner), query)) == found


def test_a_wrong_filter_is_explained(team):
    response = browser_of(team.owner).get(PAGE, {"q": "nosuch:1"})
    page = parse_page(response)
    assert "nosuch" in page.one("#activity-problem").text


def test_an_undone_change_shows_who_undid_it_and_is_redone(team, runs):
    rename_run(runs[0], "baseline", **by(team.contributor))
    number = ChangeSet.objects.latest("pk").pk
    client = browser_of(team.owner)
    client.post(f"/w/lab/undo/{number}/")
    [entry] = entries(client)
    assert "undone" in entry["class"]
    assert f"Undone by {team.owner}" in entry.text
    client.post(entry.one("form.activity-undo")["action"])
    assert Run.objects.get(pk=runs[0].pk).name == "baseline"
    [entry] = entries(client)
    assert "undone" not in entry["class"]
    # The undo and the redo are lines for who asks what the owner did.
    assert len(lines(client, f"?member={team.owner.username}")) == 2


def test_a_later_change_is_announced(team, runs):
    rename_run(runs[0], "one", **by(team.contributor))
    rename_run(runs[0], "two", **by(team.owner))
    texts = [entry.text for entry in entries(browser_of(team.owner))]
    assert "Changed again" not in texts[0]
    assert f"Changed again by {team.owner}" in texts[1]


def test_readers_see_changes_and_cannot_undo_them(team, runs):
    rename_run(runs[0], "one", **by(team.owner))
    page = parse_page(browser_of(team.reader).get(PAGE))
    assert len(page.all(".activity-entry")) == 1
    assert page.all("form.activity-undo") == []


def test_pages_have_no_gap_and_cost_a_fixed_number_of_queries(team, runs):
    for n in range(60):
        rename_run(runs[n % 5], f"name {n}", **by(team.owner))
    client = browser_of(team.owner)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        first = parse_page(client.get(PAGE))
    # PostgreSQL is told the time limit of each scan by statements of its own.
    assert len(queries) <= (34 if connection.vendor == "postgresql" else 20)
    shown = first.all(".activity-entry")
    older = entries(client, first.one("[rel=next]")["href"].removeprefix(PAGE))
    ids = [each["id"] for each in [*shown, *older]]
    assert len(ids) == len(set(ids)) == 60


def test_changes_of_an_open_page_are_counted(team, runs):
    client = browser_of(team.owner)
    rename_run(runs[0], "one", **by(team.contributor))
    news = parse_page(client.get(PAGE)).one("#activity")["data-news"]
    nothing = client.get(news, headers={"HX-Request": "true"})
    assert "change" not in parse_page(nothing).one("#activity-news").text
    rename_run(runs[0], "two", **by(team.contributor))
    assert "1 new change" in client.get(news).content.decode()


def test_running_tasks_are_above_the_changes_with_their_progress(team, runs):
    task = start_bulk_change(
        team.workspace,
        [run.pk for run in runs],
        TagChange({"a": "1"}, ()),
        actor=Actor(team.contributor),
        role=Role.CONTRIBUTOR,
        now=now_ms(),
    )
    rename_run(runs[0], "so far", **by(team.contributor))
    task.change_set = ChangeSet.objects.latest("pk")
    task.position = 2
    task.save()
    page = parse_page(browser_of(team.owner).get(PAGE))
    # What it has changed so far has no second line.
    [line] = page.all(".activity-entry")
    assert f"{team.contributor}: Tag runs" in line.text
    assert "2 of 5 runs" in line.text
    assert line.one("progress")["value"] == "2"
    assert line.all("form.activity-undo")
    # Others' tasks are stopped by owners only, and an open page follows the progress.
    reader = browser_of(team.reader)
    assert not parse_page(reader.get(PAGE)).all("form.activity-undo")
    news = page.one("#activity")["data-news"]
    assert "2 of 5 runs" in reader.get(news).text
    assert parse_page(reader.get(f"{PAGE}?kind=tag")).all("progress") == []
    browser_of(team.owner).post(line.one("form.activity-undo")["action"])
    assert parse_page(reader.get(PAGE)).all("progress") == []


def test_a_lock_is_undone_by_an_owner_or_who_locked(team, runs):
    keys = [run.pk for run in runs[:3]]
    lock = LockChange(True, Actor(team.owner), True, now_ms())
    apply_bulk_change(team.workspace, keys, lock, **by(team.owner))
    locked = Run.objects.filter(locked=True)
    other, owner = browser_of(team.contributor), browser_of(team.owner)

    def press(client):
        action = parse_page(client.get(PAGE)).one("form.activity-undo")["action"]
        return client.post(action, headers={"HX-Request": "true"})

    assert "Only an owner" in press(other)["HX-Trigger"]
    assert locked.count() == 3
    assert "Undone" in press(owner)["HX-Trigger"]
    assert not locked.exists()
    last = ChangeSet.objects.latest("pk").pk
    path = reverse("undo-change", args=[team.workspace.name, last])
    assert "Redone" in other.post(path, headers={"HX-Request": "true"})["HX-Trigger"]
    # Who locks them again can unlock them.
    assert set(locked.values_list("locked_by", flat=True)) == {team.contributor.pk}


def test_exports_have_a_row_for_each_value(team, runs):
    change = TagChange({"stage": "a"}, ())
    keys = [run.pk for run in runs]
    apply_bulk_change(team.workspace, keys, change, **by(team.owner))
    client = browser_of(team.owner)
    rows = b"".join(client.get(f"{PAGE}?format=csv")).decode().splitlines()
    assert len(rows) == 6
    found = json.loads(b"".join(client.get(f"{PAGE}?format=json&kind=tag")))
    assert found["changes"][0]["after"] == {"value": "a"}
    assert json.loads(b"".join(client.get(f"{PAGE}?format=json&kind=star"))) == {
        "changes": []
    }


def test_a_feed_reader_gets_atom_with_a_token(team, runs):
    rename_run(runs[0], "a <b>", **by(team.owner))
    _token, secret = token_of(team.reader, team.workspace)
    response = Client(headers=bearer(secret)).get(f"{PAGE}feed.atom")
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    assert "renamed a run: run 0 → a &lt;b&gt;" in response.content.decode()
    assert Client().get(f"{PAGE}feed.atom").status_code in (302, 401)


def test_a_feed_has_no_characters_that_xml_does_not_have(team, runs):
    set_run_tags(runs[0], {"a": "red\x1b[0m"}, **by(team.owner))
    response = browser_of(team.owner).get(f"{PAGE}feed.atom")
    assert "red [0m" in response.content.decode()


def test_a_public_link_of_a_view_has_no_undo(team):
    view = create_view(team.workspace, "mine", ViewState(ViewSpec()), **by(team.owner))
    create_share_link(team.workspace, view, **by(team.owner))
    number = ChangeSet.objects.latest("pk").pk
    client = browser_of(team.owner)
    shown = {each["id"]: each for each in entries(client)}
    undos = [each.all("form.activity-undo") != [] for each in shown.values()]
    assert undos == [False, True]
    answer = client.post(f"/w/lab/undo/{number}/", headers={"HX-Request": "true"})
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert "can't be undone" in toast["text"]


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("Asia/Shanghai", "0001-01-01T00:00"),
        ("America/New_York", "9999-12-31T23:59"),
        ("UTC", "1969-12-31T23:59"),
        ("UTC", "soon"),
    ],
)
def test_times_that_no_change_has_are_refused(team, zone, since):
    token, _secret = token_of(team.owner, team.workspace)
    team.owner.time_zone = zone
    team.owner.save()
    address = f"{PAGE}tokens/{token.pk}/undo/"
    response = browser_of(team.owner).get(address, {"since": since})
    assert response.status_code == 422
    assert "Enter a date and time." in response.text


def test_changes_of_a_token_that_still_go_on_are_not_undone(team, runs):
    token, _secret = token_of(team.owner, team.workspace)
    actor = Actor(team.owner, token)
    task = start_bulk_change(
        team.workspace,
        [run.pk for run in runs],
        TagChange({"a": "1"}, ()),
        actor=actor,
        role=Role.OWNER,
        now=now_ms(),
    )
    rename_run(runs[0], "first", actor=actor, now=now_ms())
    task.change_set = ChangeSet.objects.latest("pk")
    task.save()
    page = browser_of(team.owner).get(
        f"{PAGE}tokens/{token.pk}/undo/", {"since": "2026-01-02T03:04"}
    )
    assert "still going on" in page.text
    # The time stays in the form.
    assert 'value="2026-01-02T03:04"' in page.text


def test_many_changes_of_a_token_are_undone_in_the_background(team, runs, monkeypatch):
    monkeypatch.setattr("runs.pages.activity.token_undo.LARGE_CHANGE", 1)
    token, _secret = token_of(team.owner, team.workspace)
    actor = Actor(team.owner, token)
    for run in runs[:2]:
        rename_run(run, "by the token", actor=actor, now=now_ms())
    client, address = browser_of(team.owner), f"{PAGE}tokens/{token.pk}/undo/"
    assert "2 values will be restored" in parse_page(client.get(address)).text
    reply = client.post(address, {"since": "2026-01-02T03:04"}, follow=True)
    page = parse_page(reply)
    assert "The undo continues in the background" in reply.text
    [task] = page.all("#activity-tasks li")
    assert "0 of 2 values" in task.text
    do_background_tasks(now_ms())
    assert Run.objects.filter(name="by the token").count() == 0
