"""Tokens: what proves who calls, and what a token may."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from runs.actions.account.tokens import create_token, revoke_token
from runs.actions.actor import SERVER
from runs.models import ApiToken, Role, User, now_ms
from studio.core.errors import PermissionDenied
from tests.access.people import bearer, browser_of, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.access.strange_urls")]

PAIR = "/w/lab/api/pair/"


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
def test_a_bad_token_is_refused_even_with_a_session(team, header):
    answer = browser_of(team.owner).get(PAIR, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "SignInRequired"


def test_a_token_in_the_query_string_is_ignored(team):
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


def test_the_token_of_a_former_member_is_refused(team):
    _token, secret = token_of(team.owner, team.workspace)
    User.objects.filter(pk=team.owner.pk).update(is_active=False)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 401


def test_a_token_has_no_more_permissions_than_its_cap(team):
    _token, secret = token_of(team.owner, team.workspace, cap=Role.READER)
    assert Client().get(PAIR, headers=bearer(secret)).status_code == 200
    answer = Client().post(PAIR, headers=bearer(secret))
    assert answer.status_code == 403
    assert answer.json()["error"]["role"] == "reader"


def test_a_token_has_no_more_permissions_than_its_owner(team):
    _token, secret = token_of(team.reader, team.workspace, cap=Role.OWNER)
    assert Client().post(PAIR, headers=bearer(secret)).status_code == 403


@pytest.mark.parametrize("cap", [Role.READER, Role.CONTRIBUTOR])
def test_a_token_with_a_lower_maximum_role_is_not_an_owner(team, cap):
    _token, secret = token_of(team.owner, team.workspace, cap=cap)
    answer = Client().get("/w/lab/api/owner/", headers=bearer(secret))
    assert answer.status_code == 403
    limit = f"this token is limited to {cap.label}"
    assert limit in answer.json()["error"]["message"]


def test_a_token_cannot_use_the_forms_of_pages(team):
    _token, secret = token_of(team.owner, team.workspace)
    answer = Client().post(
        "/w/lab/invitations/", {"role": "owner"}, headers=bearer(secret)
    )
    assert answer.status_code == 403


def test_a_token_cannot_create_a_token_with_more_permissions(team):
    token, _secret = token_of(team.owner, team.workspace, cap=Role.READER)
    actor = SERVER.__class__(team.owner, token)
    with pytest.raises(PermissionDenied):
        create_token(
            team.owner,
            team.workspace,
            "more",
            role_cap=Role.OWNER,
            actor=actor,
            now=now_ms(),
        )


def test_the_last_use_is_recorded_at_most_once_a_minute(
    team, django_assert_num_queries
):
    _token, secret = token_of(team.owner, team.workspace)
    Client().get(PAIR, headers=bearer(secret))
    assert ApiToken.objects.get().last_used is not None
    with django_assert_num_queries(2):
        Client().get(PAIR, headers=bearer(secret))


def test_a_page_request_costs_three_queries_for_its_session(
    team, django_assert_num_queries
):
    client = browser_of(team.owner)
    with django_assert_num_queries(3):
        client.get(PAIR)
