"""The one chain: hosts, origins, tokens, roles, CSRF, sizes, errors, headers."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client

from runs.actions.accounts import add_member
from runs.actions.actor import SERVER
from runs.actions.clock import now_ms
from runs.actions.tokens import make_token, revoke_token
from runs.models import ApiToken, Role, User
from studio.core.errors import PermissionDenied
from tests.access.people import Team, bearer, browser_of, make_team, space, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.access.strange_urls")]

PAIR = "/w/lab/api/pair/"
MLFLOW = "/w/lab/api/2.0/mlflow/runs/create"
REST = "/api/v1/workspaces/lab/runs"
UPLOAD = "/w/lab/api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/x.txt"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


# Hosts and origins

PATHS = ["/", "/sign-in/", "/healthz", "/static/css/base.css", "/nowhere", MLFLOW, REST]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", ""])
def test_a_foreign_host_is_refused_on_every_path(visitor, path, host):
    answer = visitor.get(path, headers={"Host": host})
    assert answer.status_code == 400


def test_a_foreign_host_is_refused_in_the_protocols_words(visitor):
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
def test_programs_and_own_pages_write(team, headers):
    _token, secret = token_of(team.owner, team.workspace)
    answer = Client().post(PAIR, headers={**headers, **bearer(secret)})
    assert answer.status_code == 200


def test_the_address_that_people_type_is_an_own_origin(team, settings):
    settings.STUDIO_ORIGIN = "https://studio.example"
    _token, secret = token_of(team.owner, team.workspace)
    headers = {"Origin": "https://studio.example", **bearer(secret)}
    assert Client().post(PAIR, headers=headers).status_code == 200


# Who calls


def basic(secret: str, user: str = "anybody") -> dict[str, str]:
    words = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {words}"}


@pytest.mark.parametrize("form", [bearer, basic])
def test_a_token_signs_in(team, form):
    _token, secret = token_of(team.reader, team.workspace)
    assert Client().get(PAIR, headers=form(secret)).text == "lab"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer rs_unknown",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Digest abc",
        "",
        "Bearer \x00",
    ],
)
def test_a_bad_token_is_refused_even_beside_a_session(team, header):
    answer = browser_of(team.owner).get(PAIR, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "SignInRequired"


def test_a_token_in_the_query_string_is_none(team):
    _token, secret = token_of(team.owner, team.workspace)
    for name in ("token", "access_token", "api_key"):
        assert Client().get(PAIR, {name: secret}).status_code == 401


def test_a_revoked_token_is_refused(team):
    token, secret = token_of(team.owner, team.workspace)
    revoke_token(token, actor=SERVER, now=now_ms())
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 401


def test_an_expired_token_is_refused(team):
    _token, secret = token_of(team.owner, team.workspace)
    ApiToken.objects.update(expires="2020-01-01T00:00:00Z")
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 401


def test_the_token_of_somebody_who_left_is_refused(team):
    _token, secret = token_of(team.owner, team.workspace)
    User.objects.filter(pk=team.owner.pk).update(is_active=False)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 401


def test_a_token_may_no_more_than_its_cap(team):
    _token, secret = token_of(team.owner, team.workspace, cap=Role.READER)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 200
    answer = Client().post(PAIR, headers=bearer(secret))
    assert answer.status_code == 403
    assert answer.json()["error"]["role"] == "reader"


def test_a_token_may_no_more_than_its_owner(team):
    _token, secret = token_of(team.reader, team.workspace, cap=Role.OWNER)
    assert Client().post(PAIR, headers=bearer(secret)).status_code == 403


@pytest.mark.parametrize("cap", [Role.READER, Role.CONTRIBUTOR])
def test_a_capped_token_of_an_owner_is_no_owner(team, cap):
    _token, secret = token_of(team.owner, team.workspace, cap=cap)
    answer = Client().get("/w/lab/api/owner/", headers=bearer(secret))
    assert answer.status_code == 403


def test_a_token_cannot_use_the_forms_of_pages(team):
    _token, secret = token_of(team.owner, team.workspace)
    answer = Client().post(
        "/w/lab/invitations/", {"role": "owner"}, headers=bearer(secret)
    )
    assert answer.status_code == 403


def test_a_token_cannot_make_a_stronger_one(team):
    token, _secret = token_of(team.owner, team.workspace, cap=Role.READER)
    actor = SERVER.__class__(team.owner, token)
    with pytest.raises(PermissionDenied):
        make_token(
            team.owner,
            team.workspace,
            "more",
            role_cap=Role.OWNER,
            actor=actor,
            now=now_ms(),
        )


def test_the_last_use_is_noted_at_most_once_a_minute(team, django_assert_num_queries):
    _token, secret = token_of(team.owner, team.workspace)
    Client().get(PAIR, headers=bearer(secret))
    assert ApiToken.objects.get().last_used is not None
    with django_assert_num_queries(2):
        Client().get(PAIR, headers=bearer(secret))


def test_a_browser_costs_three_queries(team, django_assert_num_queries):
    client = browser_of(team.owner)
    with django_assert_num_queries(3):
        client.get(PAIR)


# Where they may go


def test_strangers_learn_nothing_about_workspaces(team):
    there = browser_of(team.outsider).get(PAIR)
    nowhere = browser_of(team.outsider).get("/w/nosuch/api/pair/")
    assert (there.status_code, there.json()) == (404, nowhere.json())


def test_a_token_of_another_workspaces_member_opens_nothing(team):
    elsewhere = space("elsewhere")
    _token, secret = token_of(team.outsider, elsewhere)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 404


def test_a_bare_path_means_the_tokens_workspace(team):
    other = space("elsewhere")
    add_member(other, team.owner, Role.READER, actor=SERVER, now=now_ms())
    _token, secret = token_of(team.owner, other)
    assert Client().get("/api/bare/", headers=bearer(secret)).text == "elsewhere"


def test_a_view_without_a_declaration_answers_nobody(team, visitor):
    for client in (visitor, browser_of(team.owner)):
        assert client.get("/undeclared/").status_code == 403
    assert browser_of(team.owner).put(PAIR).status_code == 403


def test_each_method_asks_for_its_own_permission(team):
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


# Sizes


def test_a_long_body_is_refused_by_its_announced_length(team, settings):
    settings.MAX_BODY = 10
    answer = browser_of(team.owner).generic("POST", "/api/echo/", b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["error"]["limit"] == 10


def test_an_upload_has_its_own_limit(team, settings):
    settings.MAX_BODY, settings.MAX_UPLOAD = 10, 20
    client = browser_of(team.owner)
    assert client.generic("POST", "/api/upload/", b"x" * 20).status_code == 200
    assert client.generic("POST", "/api/upload/", b"x" * 21).status_code == 413


def test_strangers_are_not_told_limits_by_sending(visitor, settings):
    settings.MAX_BODY = 10
    assert visitor.generic("POST", "/api/echo/", b"x" * 11).status_code == 413


def test_a_body_that_lies_about_its_length_is_stopped(team, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = browser_of(team.owner).generic("POST", "/api/echo/", b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "TooLarge"


# Errors

KINDS = [
    ("missing", 404, "NotFound"),
    ("bad", 400, "InvalidRequest"),
    ("locked", 503, "Unavailable"),
    ("full", 503, "Unavailable"),
    ("bug", 500, "StudioError"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_every_failure_has_a_coded_answer(visitor, kind, status, code):
    answer = visitor.get(f"/api/fail/{kind}/")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_every_failure_of_a_page_is_a_page_with_a_way_out(visitor, kind, status, code):
    answer = visitor.get(f"/fail/{kind}/")
    assert answer.status_code == status
    assert code in answer.text
    assert "/sign-in/" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_an_unknown_address_answers_in_the_form_of_its_room(visitor):
    assert "Nothing here" in visitor.get("/nowhere").text
    assert visitor.get("/api/v1/nowhere").json()["error"]["code"] == "NotFound"
    unknown = visitor.get("/api/9.9/nowhere")
    assert unknown.json()["error"]["code"] == "NotFound"


def test_a_page_without_its_slash_leads_to_the_page(visitor):
    answer = visitor.get("/w/lab/members?a=1")
    assert answer.headers["Location"] == "/w/lab/members/?a=1"
    assert visitor.post("/sign-in").status_code == 404


@pytest.mark.parametrize(
    "path", ["/w/%00/members/", "/sign-in/link/%00/", "/%ff/", "/w/..%2f/members/"]
)
def test_odd_paths_are_no_server_errors(team, path):
    assert browser_of(team.owner).get(path).status_code in (400, 404)


def test_a_broken_form_is_no_server_error(visitor):
    answer = visitor.post(
        "/sign-in/", b"--x\r\nbroken", content_type="multipart/form-data; boundary="
    )
    assert answer.status_code == 400


# Headers


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/nowhere", "/api/fail/bug/", "/healthz", "/fail/bug/"]
)
def test_every_answer_has_the_headers(visitor, path):
    headers = visitor.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]


def test_answers_differ_by_who_asks(team):
    vary = browser_of(team.owner).get(PAIR).headers["Vary"]
    assert "Cookie" in vary
    assert "Authorization" in vary


def test_errors_in_json_are_json(visitor):
    answer = visitor.get("/api/fail/bug/")
    assert json.loads(answer.content)["error"]["message"]
    assert answer.headers["Content-Type"] == "application/json"
