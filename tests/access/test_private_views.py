"""A private view is not there for others: at every address that takes one's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.views.views import ViewState, create_view, save_view
from runs.models import View, now_ms
from studio.core.view_spec import ViewSpec
from tests.access.people import Team, bearer, browser_of, make_team, token_of
from tests.access.table import SAMPLES, TABLE

UNKNOWN = "aaaaaaaaaa"
SECRET = "hushhush"
#: What the operations need to be understood, so that the view itself is asked for.
BODIES = {"clone": '{"workspace": "lab"}'}
#: Every address with a view's name in it; `slug` of experiments means something else.
OF_VIEWS = [
    (route, method)
    for route, entry in TABLE.items()
    if "<str:slug>" in route and "experiments/" not in route
    for method in entry.needs
]


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def view(team: Team) -> View:
    act: Any = {"actor": Actor(team.reader), "now": now_ms()}
    state = ViewState(ViewSpec(q=f"tag:{SECRET}"))
    made = create_view(team.workspace, SECRET, state, description=SECRET, **act)
    save_view(made, ViewState(ViewSpec(q=f"{SECRET}")), seen_version=1, **act)
    return made


def ask(team: Team, route: str, method: str, slug: str) -> Iterator[Any]:
    """The status that each other signed-in user gets."""
    filled = re.sub(
        r"<(?:\w+:)?(\w+)>",
        lambda part: {"slug": slug, "number": "1"}.get(part[1], SAMPLES[part[1]]),
        route,
    )
    body = BODIES.get(route.rpartition("/")[2], "{}").encode()
    query = "?old=1" if route.endswith("/diff") else ""
    for user in (team.contributor, team.owner, team.nonmember):
        client = browser_of(user)
        if TABLE[route].is_api:
            is_nonmember = user == team.nonmember
            home = user.memberships.get().workspace if is_nonmember else team.workspace
            _token, secret = token_of(user, home)
            client = Client(headers=bearer(secret))
        path = f"/{filled}{query}"
        yield client.generic(method, path, body, "application/json")


def plain(answer: Any, slug: str) -> str:
    text = answer.content.decode().replace(slug, "SLUG")
    # Tokens, and the time of printing.
    hidden = r'"[A-Za-z0-9]{64}"|X-CSRFToken[^}]*|\d+ \w+ \d{4}, \d\d:\d\d UTC'
    return re.sub(hidden, "", text)


def test_some_addresses_are_of_views() -> None:
    assert len(OF_VIEWS) > 15


@pytest.mark.parametrize(("route", "method"), OF_VIEWS)
def test_a_hidden_run_gets_the_same_response_as_a_missing_one(
    team: Team, view: View, route: str, method: str
) -> None:
    known = list(ask(team, route, method, view.slug))
    unknown = list(ask(team, route, method, UNKNOWN))
    for there, nowhere in zip(known, unknown, strict=True):
        assert there.status_code == nowhere.status_code == 404
        assert plain(there, view.slug) == plain(nowhere, UNKNOWN)
    view.refresh_from_db()
    assert (view.name, view.revision, view.deleted) == (SECRET, 2, None)


def test_a_private_view_is_visible_nowhere_to_others(team: Team, view: View) -> None:
    """Everything that is read without a name: menus, exports, histories, searches."""
    asked = [
        route
        for route, entry in TABLE.items()
        if "GET" in entry.needs
        and re.findall(r"<[^>]*>", route) in ([], ["<str:workspace>"])
    ]
    assert len(asked) > 20
    browser: Any = browser_of(team.owner)
    for route in asked:
        path = "/" + route.replace("<str:workspace>", "lab")
        answer = browser.get(path, {"view": f"{view.slug}.1"})
        assert SECRET.encode() not in answer.getvalue(), route
