"""Hosts, origins, workspaces, roles, CSRF: the same for every protocol."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member
from runs.actions.actor import SERVER
from runs.models import Role, now_ms
from tests.access.people import bearer, browser_of, space, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.access.strange_urls")]

PAIR = "/w/lab/api/pair/"
MLFLOW = "/w/lab/api/2.0/mlflow/runs/create"
REST = "/api/v1/workspaces/lab/runs"
UPLOAD = "/w/lab/api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/x.txt"


# Hosts and origins

PATHS = [
    "/",
    "/sign-in/",
    "/healthz",
    "/static/css/site/base.css",
    "/nowhere",
    MLFLOW,
    REST,
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", ""])
def test_a_foreign_host_is_refused_on_every_path(visitor, path, host):
    answer = visitor.get(path, headers={"Host": host})
    assert answer.status_code == 400


def test_a_foreign_host_is_refused_in_the_format_of_the_protocol(visitor):
    answer = visitor.get(MLFLOW, headers={"Host": "evil.example"})
    assert "error_code" in answer.json()
    answer = visitor.get(REST, headers={"Host": "evil.example"})
    assert answer.json()["error"]["code"] == "InvalidRequest"


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver:9999"},
    {"Origin": "https://testserver"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sign-in/"),
        ("POST", "/account/theme/"),
        ("POST", MLFLOW),
        ("POST", REST),
        ("PUT", UPLOAD),
        ("DELETE", UPLOAD),
        ("PATCH", PAIR),
        ("POST", "/nowhere"),
    ],
)
def test_a_foreign_page_cannot_write_anywhere(team, headers, method, path):
    _token, secret = token_of(team.owner, team.workspace)
    for client in (Client(), browser_of(team.owner), Client(headers=bearer(secret))):
        answer = client.generic(method, path, "{}", "text/plain", headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_programs_and_pages_of_this_server_can_write(team, headers):
    _token, secret = token_of(team.owner, team.workspace)
    answer = Client().post(PAIR, headers={**headers, **bearer(secret)})
    assert answer.status_code == 200


def test_the_configured_origin_is_accepted(team, settings):
    settings.STUDIO_ORIGIN = "https://studio.example"
    _token, secret = token_of(team.owner, team.workspace)
    headers = {"Origin": "https://studio.example", **bearer(secret)}
    assert Client().post(PAIR, headers=headers).status_code == 200


# Where they may go


def test_strangers_learn_nothing_about_workspaces(team):
    there = browser_of(team.nonmember).get(PAIR)
    nowhere = browser_of(team.nonmember).get("/w/nosuch/api/pair/")
    assert (there.status_code, there.json()) == (404, nowhere.json())


def test_a_token_of_another_workspace_gives_no_access(team):
    elsewhere = space("elsewhere")
    _token, secret = token_of(team.nonmember, elsewhere)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 404


def test_a_path_without_a_workspace_means_the_workspace_of_the_token(team):
    other = space("elsewhere")
    add_member(other, team.owner, Role.READER, actor=SERVER, now=now_ms())
    _token, secret = token_of(team.owner, other)
    assert Client().get("/api/bare/", headers=bearer(secret)).text == "elsewhere"


def test_a_view_without_a_declaration_refuses_every_request(team, visitor):
    for client in (visitor, browser_of(team.owner)):
        assert client.get("/undeclared/").status_code == 403
    assert browser_of(team.owner).put(PAIR).status_code == 403


def test_each_method_needs_its_own_permission(team):
    reader = browser_of(team.reader)
    assert reader.get(PAIR).status_code == 200
    assert reader.head(PAIR).status_code == 200
    assert reader.post(PAIR).status_code == 403
    answer = reader.delete(PAIR)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


# CSRF


def test_a_session_cookie_alone_writes_nothing_on_the_api(team):
    client = browser_of(team.owner, csrf=True)
    client.get("/sign-in/")
    for path in (PAIR, "/api/echo/"):
        answer = client.post(path, "{}", content_type="application/json")
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "PermissionDenied"


def test_a_session_with_the_csrf_token_writes(team):
    client = browser_of(team.owner, csrf=True)
    page = client.get("/account/theme/").text + client.get("/w/lab/members/").text
    token = page.split('X-CSRFToken": "')[1].split('"')[0]
    assert client.post(PAIR, headers={"X-CSRFToken": token}).status_code == 200


def test_a_token_needs_no_csrf_token(team):
    _token, secret = token_of(team.owner, team.workspace)
    client = Client(enforce_csrf_checks=True)
    assert client.post(PAIR, headers=bearer(secret)).status_code == 200


def test_strangers_are_asked_to_sign_in_first():
    answer = Client(enforce_csrf_checks=True).post(PAIR)
    assert answer.status_code == 401


# What only browsers need


def test_an_api_call_with_a_token_has_no_session(team):
    _token, secret = token_of(team.owner, team.workspace)
    browser = browser_of(team.owner)
    answer = browser.get(PAIR, headers=bearer(secret))
    assert not hasattr(answer.wsgi_request, "session")
    # Without the header the session counts, and a page has one with a token, too.
    assert browser.get(PAIR).wsgi_request.session.session_key
    page = Client().get("/w/lab/members/", headers=bearer(secret))
    assert hasattr(page.wsgi_request, "session")


def test_an_invalid_token_does_not_fall_back_to_the_session(team):
    answer = browser_of(team.owner).get(PAIR, headers=bearer("wrong"))
    assert answer.status_code == 401


def test_errors_of_an_api_call_are_in_the_language_of_the_script(team):
    _token, secret = token_of(team.owner, team.workspace)
    headers = {**bearer(secret), "Accept-Language": "zh-CN"}
    chinese = Client().get("/w/none/api/pair/", headers=headers).json()["error"]
    english = Client().get("/w/none/api/pair/", headers=bearer(secret)).json()["error"]
    assert chinese["code"] == english["code"] == "NotFound"
    assert chinese["message"] != english["message"]
