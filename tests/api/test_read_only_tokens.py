"""A token with the role reader reads, and writes nothing, also not for its owner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.views import ViewState, create_view
from runs.models import ApiToken, Role, View, now_ms
from studio.core.view_spec import ViewSpec
from tests.access.entries import READER, SIGNED_IN
from tests.access.people import Team, bearer, make_team, token_of
from tests.access.table import TABLE
from tests.access.test_every_url import path_of

pytestmark = pytest.mark.django_db
SAFE = ("GET", "HEAD", "OPTIONS")
#: What REST lets readers and everyone who is signed in write. An export is for reading.
WRITES = [
    (route, method)
    for route, entry in TABLE.items()
    if route.startswith("api/v1/") and not route.endswith("/history-exports")
    for method, need in entry.needs.items()
    if need in (READER, SIGNED_IN) and method not in SAFE
]


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def client(team: Team) -> Client:
    _token, secret = token_of(team.owner, team.workspace, cap=Role.READER)
    return Client(headers=bearer(secret), raise_request_exception=False)


@pytest.mark.parametrize(("route", "method"), WRITES)
def test_it_writes_nothing(client: Client, route: str, method: str) -> None:
    path = path_of(route, TABLE[route], {"view": "v", "number": "1", "member": "1"})
    answer = client.generic(method, path, b"{}", "application/json")
    assert answer.status_code == 403
    assert "reader can only read" in answer.json()["error"]["message"]


def test_the_private_views_of_its_owner_stay(client: Client, team: Team) -> None:
    state = ViewState(ViewSpec())
    act: Any = {"actor": Actor(team.owner), "now": now_ms()}
    view = create_view(team.workspace, "mine", state, **act)
    path = f"/api/v1/workspaces/lab/views/{view.slug}"
    assert client.get(path).status_code == 200
    change = json.dumps({"name": "other"})
    for method, body in (("PATCH", change), ("DELETE", "")):
        answer = client.generic(method, path, body, "application/json")
        assert answer.status_code == 403
    view.refresh_from_db()
    assert (view.name, view.deleted) == ("mine", None)
    assert View.objects.count() == 1


def test_it_creates_no_token(client: Client) -> None:
    body = json.dumps({"name": "new", "role": "reader"})
    path = "/api/v1/tokens"
    assert client.post(path, body, "application/json").status_code == 403
    assert ApiToken.objects.count() == 1


def test_it_searches_with_post(client: Client) -> None:
    path = "/w/lab/api/2.0/mlflow/runs/search"
    body = json.dumps({"experiment_ids": []})
    assert client.post(path, body, "application/json").status_code == 200
