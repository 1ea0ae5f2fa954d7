"""A cached answer of one user tells another one nothing: also not by its ETag."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file
from runs.actions.run import create_run
from runs.models import now_ms
from tests.access.people import Team, bearer, browser_of, make_team, space, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]
PAGE = "/w/lab/runs/first/files/raw/out.txt"
REST = "/api/v1/workspaces/lab/runs/first/files/out.txt"


@pytest.fixture
def team() -> Team:
    team = make_team()
    act: dict[str, Any] = {"actor": Actor(team.owner), "now": now_ms()}
    experiment = create_experiment(team.workspace, "digits", **act)
    run = create_run(experiment, run_id="first", **act)
    save_file(run, "out.txt", [b"secret"], limit=100, **act)
    return team


def client_of(team: Team, path: str, name: str) -> Client:
    user = getattr(team, name)
    if path == PAGE:
        return browser_of(user)
    home = space("elsewhere") if name == "nonmember" else team.workspace
    return Client(headers=bearer(token_of(user, home)[1]))


@pytest.mark.parametrize("path", [PAGE, REST])
def test_the_mark_of_a_member_opens_nothing_for_others(team: Team, path: str) -> None:
    answer = client_of(team, path, "reader").get(path)
    assert answer.status_code == 200
    mark = {"If-None-Match": answer["ETag"]}
    again = client_of(team, path, "contributor").get(path, headers=mark)
    assert again.status_code in (200, 304)
    for refused in (client_of(team, path, "nonmember"), Client()):
        found = refused.get(path, headers=mark)
        assert found.status_code in (302, 401, 404)
        assert "ETag" not in found.headers


@pytest.mark.parametrize("path", [PAGE, REST, "/w/lab/runs/", "/account/"])
def test_no_cache_gives_an_answer_to_another_user(team: Team, path: str) -> None:
    answer = client_of(team, path if path == REST else PAGE, "reader").get(path)
    assert "private" in answer["Cache-Control"]
    varies = {name.strip() for name in answer["Vary"].split(",")}
    assert {"Cookie", "Authorization"} <= varies
