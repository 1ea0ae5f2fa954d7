"""The account page: profile, password, theme, tokens, sessions."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from runs.models import ApiToken, BrowserSession, Role, User
from tests.access.people import (
    PASSWORD,
    Team,
    bearer,
    browser_of,
    make_team,
    token_of,
)
from tests.parts.elements import one, texts

pytestmark = pytest.mark.django_db

NEW = "an even longer pass phrase"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def reader(team) -> Client:
    return browser_of(team.reader)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


PROFILE = {"display_name": "Mira Tern", "email": "mira@tern.example"}


def test_the_profile_is_changed(team, reader):
    reader.post("/account/profile/", {**PROFILE, "time_zone": "Asia/Taipei"})
    user = fresh(team.reader)
    assert (str(user), user.email) == ("Mira Tern", "mira@tern.example")
    assert user.time_zone == "Asia/Taipei"
    assert "Mira Tern" in reader.get("/account/").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "no address"}, "valid email"),
        ({"email": "owner@tern.example"}, "taken"),
        ({"time_zone": "Mars/Olympus"}, "Unknown time zone"),
        ({"display_name": "x" * 151}, "The limit is 150"),
        ({"display_name": "a\x07b"}, "control character"),
    ],
)
def test_an_invalid_profile_is_reported_and_not_saved(team, reader, change, said):
    User.objects.filter(pk=team.owner.pk).update(email="owner@tern.example")
    answer = reader.post("/account/profile/", {**PROFILE, **change})
    assert answer.status_code in (400, 409)
    assert said in answer.text
    assert fresh(team.reader).display_name == ""


def test_times_are_shown_in_the_readers_zone(team, reader):
    BrowserSession.objects.update(created="2026-03-01T23:30:00Z")
    reader.post("/account/profile/", {**PROFILE, "time_zone": "Asia/Taipei"})
    assert "2 Mar, 07:30" in texts(reader.get("/account/"), ".items time")


def test_a_first_password_needs_no_old_one(team, reader):
    answer = reader.post("/account/password/", {"new": NEW, "again": NEW})
    assert answer.status_code == 302
    assert fresh(team.reader).check_password(NEW)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"old": "wrong", "new": NEW, "again": NEW}, "current password is wrong"),
        ({"old": PASSWORD, "new": NEW, "again": "x"}, "don’t match"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 10"),
        ({"old": PASSWORD, "new": "password123", "again": "password123"}, "common"),
    ],
)
def test_a_password_is_changed_only_by_the_rules(team, form, said):
    team.reader.set_password(PASSWORD)
    team.reader.save()
    answer = browser_of(team.reader).post("/account/password/", form)
    assert answer.status_code == 400
    assert said in answer.text
    assert fresh(team.reader).check_password(PASSWORD)


def test_guessing_the_old_password_is_throttled(team):
    team.reader.set_password(PASSWORD)
    team.reader.save()
    client = browser_of(team.reader)
    for _time in range(5):
        client.post("/account/password/", {"old": "x", "new": NEW, "again": NEW})
    form = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert client.post("/account/password/", form).status_code == 429


def test_a_new_password_signs_other_browsers_out(team, reader):
    other = browser_of(team.reader)
    reader.post("/account/password/", {"new": NEW, "again": NEW})
    assert reader.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert BrowserSession.objects.filter(user=team.reader).count() == 1


def test_the_theme_is_personal(team, reader):
    answer = reader.post("/account/theme/", {"theme": "dark", "next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    assert 'data-theme="dark"' in reader.get("/account/").text


def test_a_visitors_theme_stays_in_a_cookie():
    visitor = Client()
    visitor.post("/account/theme/", {"theme": "dark", "next": "//evil.example"})
    assert one(visitor.get("/sign-in/"), "html")["data-theme"] == "dark"


def test_an_unknown_theme_is_refused(reader):
    answer = reader.post("/account/theme/", {"theme": "pink"})
    assert answer.status_code == 400
    assert "system, light, dark" in answer.text


TOKEN = {"name": "laptop", "workspace": "lab", "role_cap": "reader", "days": "30"}


def secret_on(page: str) -> str:
    found = re.search(r'id="new-token">(rs_[\w-]{43})<', page)
    assert found
    return found[1]


def test_a_token_is_shown_once_and_works(team, reader):
    secret = secret_on(reader.post("/account/tokens/", TOKEN).text)
    assert secret not in reader.get("/account/").text
    answer = Client().get("/w/lab/members/", headers=bearer(secret))
    assert answer.status_code == 200


def test_a_token_is_not_stored(team, reader):
    secret = secret_on(reader.post("/account/tokens/", TOKEN).text)
    row = ApiToken.objects.get()
    kept = f"{row.prefix} {row.digest!r} {row.name}"
    assert secret[8:] not in kept
    assert len(bytes(row.digest)) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"workspace": "elsewhere"},
        {"workspace": ""},
        {"role_cap": "king"},
        {"days": "100000"},
        {"days": "-1"},
    ],
)
def test_an_invalid_token_form_creates_no_token(reader, change):
    answer = reader.post("/account/tokens/", {**TOKEN, **change})
    assert answer.status_code in (400, 404)
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_at_once(team, reader):
    token, secret = token_of(team.reader, team.workspace)
    reader.post(f"/account/tokens/{token.pk}/")
    answer = Client().get("/w/lab/members/", headers=bearer(secret))
    assert answer.status_code == 401


def test_users_cannot_revoke_tokens_of_others(team, reader):
    token, _secret = token_of(team.owner, team.workspace)
    assert reader.post(f"/account/tokens/{token.pk}/").status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked is None


def test_one_session_is_ended(team, reader):
    other = browser_of(team.reader)
    session = BrowserSession.objects.get(session_key=other.session.session_key)
    reader.post(f"/account/sessions/{session.public_id}/")
    assert other.get("/account/").status_code == 302
    assert reader.get("/account/").status_code == 200


def test_users_cannot_end_sessions_of_others(team, reader):
    other = browser_of(team.owner)
    session = BrowserSession.objects.get(session_key=other.session.session_key)
    answer = reader.post(f"/account/sessions/{session.public_id}/")
    assert answer.status_code == 404
    assert other.get("/account/").status_code == 200


def test_all_other_sessions_are_ended(team, reader):
    others = [browser_of(team.reader), browser_of(team.reader)]
    reader.post("/account/sessions/")
    assert [other.get("/account/").status_code for other in others] == [302, 302]
    assert reader.get("/account/").status_code == 200


def test_the_page_shows_no_session_key(team, reader):
    browser_of(team.reader)
    page = reader.get("/account/").text
    for session in BrowserSession.objects.all():
        assert session.session_key not in page


def test_the_account_page_needs_a_signed_in_user(team):
    _token, secret = token_of(team.owner, team.workspace, cap=Role.OWNER)
    client = Client(headers=bearer(secret))
    assert client.get("/account/").status_code == 403
    assert client.post("/account/tokens/", TOKEN).status_code == 403
    form = {"new": NEW, "again": NEW}
    assert client.post("/account/password/", form).status_code == 403


def test_the_page_costs_the_same_for_many_tokens_and_sessions(
    team, reader, django_assert_num_queries
):
    for _time in range(5):
        token_of(team.reader, team.workspace, cap=Role.READER)
        browser_of(team.reader)
    with django_assert_num_queries(7):
        reader.get("/account/")
