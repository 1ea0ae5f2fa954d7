"""Every address × {anonymous, non-member, reader, contributor, owner} × method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.plugin import DjangoDbBlocker

from runs.access.permissions import find_access_declaration
from runs.actions.account.links import create_invitation, create_sign_in_link
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.public.share_links import create_share_link
from runs.actions.run.runs import create_run
from runs.actions.views.views import ViewState, create_view
from runs.models import Member, Role, now_ms
from studio.core.view_spec import ViewSpec
from tests.access.entries import AGENT, OPERATOR
from tests.access.people import Team, bearer, browser_of, make_team, space, token_of
from tests.access.table import IN_PERSON, PUBLIC, SAMPLES, SIGNED_IN, TABLE, Row

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CALLERS = ("anonymous", "nonmember", "reader", "contributor", "owner")
#: Statuses for an empty request of an allowed user.
LET_IN = frozenset({200, 204, 302, 304, 400, 409})


def every_pattern(
    resolver: URLResolver | Any = None, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from every_pattern(entry, route)
        else:
            yield route, entry


def test_every_address_is_in_the_table():
    assert {route for route, _entry in every_pattern()} == set(TABLE)


def test_no_address_is_listed_twice():
    routes = [route for route, _entry in every_pattern()]
    assert len(routes) == len(set(routes))


@pytest.mark.parametrize(("route", "entry"), list(every_pattern()))
def test_every_view_declares_what_it_needs(rf, route, entry):
    for method in TABLE[route].needs:
        declared = find_access_declaration(rf.generic(method, "/"), entry.callback)
        assert declared is not None
        assert (declared.errors is not None) is TABLE[route].is_api


@dataclass
class Scene:
    """People, one of everything that addresses name, and clients to copy."""

    team: Team
    fill: dict[str, str]
    cookies: dict[str, SimpleCookie]
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """One for all addresses: each request's effects are rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


def make_scene() -> Scene:
    team = make_team()
    act: dict[str, Any] = {"actor": Actor(team.owner), "now": now_ms()}
    experiment = create_experiment(team.workspace, "digits", **act)
    run = create_run(experiment, run_id="first", **act)
    save_file(run, "out.txt", [b"text"], limit=100, **act)
    invitation, invited = create_invitation(team.workspace, Role.READER, **act)
    _link, link = create_sign_in_link(team.reader, actor=SERVER, now=now_ms())
    view = create_view(team.workspace, "v", ViewState(ViewSpec()), shared=True, **act)
    share, shared = create_share_link(team.workspace, run, **act)
    member = Member.objects.get(workspace=team.workspace, user=team.reader)
    fill = {
        "member": str(member.pk),
        "number": str(invitation.pk),
        "invitation": invited,
        "link": link,
        "view": view.slug,
        "share": str(share.pk),
        "shared": shared,
    }
    people = {name: getattr(team, name, None) for name in CALLERS}
    cookies = {name: browser_of(user).cookies for name, user in people.items()}
    homes = dict.fromkeys(CALLERS, team.workspace) | {"nonmember": space("elsewhere")}
    secrets = {
        name: token_of(user, homes[name])[1] for name, user in people.items() if user
    }
    return Scene(team, fill, cookies, secrets)


def path_of(route: str, row: Row, fill: dict[str, str]) -> str:
    def part(found: re.Match[str]) -> str:
        name = found[1]
        return row.parts.get(name, SAMPLES[name]).format(**fill)

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", part, route)


def client_of(caller: str, scene: Scene, row: Row) -> Client:
    """Return a browser for pages, and a client with a token for the API."""
    if row.is_api and caller in scene.secrets:
        return Client(
            headers=bearer(scene.secrets[caller]), raise_request_exception=False
        )
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie(scene.cookies[caller].output(header="", sep=";"))
    return client


def expected(caller: str, route: str, row: Row, need: str) -> set[int]:
    let_in = set(LET_IN | row.also)
    if need in (PUBLIC, OPERATOR):
        return let_in
    if caller == "anonymous":
        return {401} if row.is_api else {302}
    if need == AGENT:
        return {403}
    in_workspace = "<str:workspace>" in route
    if caller == "nonmember" and in_workspace:
        return {404}
    # A path without a workspace means the non-member's own workspace.
    if need in (SIGNED_IN, IN_PERSON) or caller == "nonmember":
        return let_in
    allowed = Role[caller.upper()] >= Role[need.upper()]
    return let_in if allowed else {403}


def send(client: Client, method: str, path: str) -> Any:
    """Roll the request back, so that the next one finds the same data."""
    with transaction.atomic():
        answer = client.generic(method, path, b"", "application/json")
        transaction.set_rollback(True)
    return answer


def wrong_answers(scene: Scene, route: str, caller: str) -> Iterator[str]:
    row = TABLE[route]
    path = path_of(route, row, scene.fill)
    client = client_of(caller, scene, row)
    for method in METHODS:
        answer = send(client, method, path)
        need = row.needs.get("GET" if method == "HEAD" else method)
        allowed = expected(caller, route, row, need) if need else refused(caller, row)
        to_sign_in = answer.headers.get("Location", "").startswith("/sign-in/")
        lost = answer.status_code == 302 and caller == "anonymous" and not to_sign_in
        if answer.status_code not in allowed or (lost and need != PUBLIC):
            yield f"{caller}: {method} {path} is answered with {answer.status_code}"


#: The routes of MLflow's pages, and those of clients that have the same views.
MIRRORED = {route: route.replace("ajax-api/", "api/") for route in TABLE}
MIRRORED = {route: other for route, other in MIRRORED.items() if route != other}


def test_the_routes_of_pages_have_the_access_of_those_of_clients():
    views = {route: what_answers(entry.callback) for route, entry in every_pattern()}
    assert {views[route] == views[other] for route, other in MIRRORED.items()} == {True}


def what_answers(view: Any) -> Any:
    """A view, or the views by method."""
    return getattr(view, "view_by_method", view)


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(TABLE.keys() - MIRRORED.keys()))
def test_permissions_by_role(scene, route):
    wrong = [line for caller in CALLERS for line in wrong_answers(scene, route, caller)]
    assert wrong == []


def refused(caller: str, row: Row) -> set[int]:
    """A method that an address does not have: 405, or what strangers always hear."""
    answers = {405} | (row.also & {404, 501})
    if caller == "anonymous":
        return answers | {302, 401}
    return answers | {403, 404}
