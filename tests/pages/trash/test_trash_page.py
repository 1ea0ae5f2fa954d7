"""The trash on the page *Storage*: who sees, restores and purges what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment, delete_experiment
from runs.actions.run.runs import create_run, trash_run
from runs.models import Experiment, Run, User, now_ms
from tests.access.people import Team, browser_of, make_team
from tests.parts.elements import every

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PAGE = "/w/lab/storage/"
RESTORE, PURGE = f"{PAGE}trash/restore/", f"{PAGE}trash/purge/"


@pytest.fixture
def team() -> Team:
    return make_team()


def trashed(team: Team, user: User, name: str) -> Run:
    now = now_ms()
    place = Experiment.objects.filter(name="place").first()
    place = place or create_experiment(
        team.workspace, "place", actor=Actor(team.owner), now=now
    )
    run = create_run(place, name=name, actor=Actor(user), now=now)
    trash_run(run, actor=Actor(user), now=now + Run.objects.count())
    return run


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def keys_of(client: Client, **query: str) -> list[str]:
    page = text_of(client.get(PAGE, query))
    return [box["value"] for box in every(page, "td.trash-box input")]


def test_owners_see_all_and_contributors_what_they_deleted(team: Team) -> None:
    trashed(team, team.owner, "of owner")
    trashed(team, team.contributor, "of contributor")
    owner, contributor = browser_of(team.owner), browser_of(team.contributor)
    seen = text_of(owner.get(PAGE))
    assert "of owner" in seen
    assert "of contributor" in seen
    mine = text_of(contributor.get(PAGE))
    assert "Deleted by you" in mine
    assert "of owner" not in mine
    assert len(keys_of(owner, trash="contributor")) == 1
    none = text_of(owner.get(PAGE, {"trash": "zzz"}))
    assert "Nothing in the trash has “zzz” in its name." in none
    assert "The trash is empty" not in none


def test_restore_and_purge_need_their_roles(team: Team) -> None:
    run = trashed(team, team.contributor, "mine")
    owner, contributor = browser_of(team.owner), browser_of(team.contributor)
    reader = browser_of(team.reader)
    [key] = keys_of(owner)
    assert reader.post(RESTORE, {"item": key}).status_code == 403
    assert contributor.post(PURGE, {"item": key}).status_code == 403
    answer = contributor.post(RESTORE, {"item": key}, follow=True)
    assert "Restored: 1 run." in text_of(answer)
    run.refresh_from_db()
    assert run.deleted is None
    # It is no longer there: nothing is restored twice.
    answer = contributor.post(RESTORE, {"item": key}, follow=True)
    assert "Restored: nothing." in text_of(answer)
    assert "Select something" in text_of(contributor.post(RESTORE, follow=True))
    assert owner.post(RESTORE, {"item": "runs.x"}, follow=True).status_code == 400


def test_a_purge_asks_first(team: Team) -> None:
    trashed(team, team.owner, "first")
    trashed(team, team.owner, "second")
    owner = browser_of(team.owner)
    keys = keys_of(owner)
    question = text_of(owner.post(PURGE, {"item": keys}))
    assert "Delete forever?" in question
    assert "2 runs" in question
    assert Run.objects.count() == 2
    answer = owner.post(PURGE, {"item": keys, "sure": "1"}, follow=True)
    assert "Deleted forever: 2 runs." in text_of(answer)
    assert not Run.objects.exists()
    activity = text_of(owner.get("/w/lab/activity/"))
    assert "and 1 more forever</p>" in activity


def test_an_experiment_tells_how_many_runs_it_has(team: Team) -> None:
    actor, now = Actor(team.owner), now_ms()
    place = create_experiment(team.workspace, "<b>debug</b>", actor=actor, now=now)
    create_run(place, actor=actor, now=now)
    delete_experiment(place, actor=actor, now=now)
    page = text_of(browser_of(team.owner).get(PAGE))
    assert "&lt;b&gt;debug&lt;/b&gt;" in page
    assert "1 run</span>" in page
    assert "30 days" in page
