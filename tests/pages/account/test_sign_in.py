"""Signing in: by password, by link; what is refused, and how it is said."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member
from runs.actions.account.links import create_sign_in_link
from runs.actions.actor import SERVER
from runs.models import BrowserSession, Role, SignInFailure, User, now_ms
from tests.access.people import PASSWORD, browser_of, make_person, space

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira() -> User:
    user = make_person("mira", password=PASSWORD)
    add_member(space(), user, Role.READER, actor=SERVER, now=now_ms())
    return user


def sign_in(client: Client, **form: str):
    return client.post("/sign-in/", {"name": "mira", "password": PASSWORD, **form})


def test_name_and_password_sign_in_and_redirect_to_the_target(client, mira):
    answer = sign_in(client, next="/account/")
    assert answer.headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("name", ["MIRA", " mira ", "mira@tern.example"])
def test_the_name_can_have_any_case_or_be_the_email_address(client, mira, name):
    User.objects.update(email="mira@tern.example")
    assert sign_in(client, name=name).status_code == 302


def test_an_email_address_shared_by_two_users_cannot_sign_in(client, mira):
    make_person("max", password=PASSWORD)
    User.objects.update(email="team@tern.example")
    assert sign_in(client, name="team@tern.example").status_code == 400


@pytest.mark.parametrize(
    "form", [{"password": "wrong"}, {"name": "nobody"}, {"name": ""}, {"password": ""}]
)
def test_a_wrong_name_and_a_wrong_password_have_the_same_message(client, mira, form):
    answer = sign_in(client, **form)
    assert answer.status_code == 400
    assert "Wrong name or password." in answer.text


def test_an_unusable_password_cannot_sign_in(client):
    make_person("mira")
    assert sign_in(client, password="").status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "evil.example",
        "/\t/evil.example",
    ],
)
def test_the_target_is_a_path_of_this_server(client, mira, target):
    assert sign_in(client, next=target).headers["Location"] == "/"
    form = Client().get("/sign-in/", {"next": target}).text
    assert '<input type="hidden" name="next" value="">' in form


def test_signing_in_creates_a_new_session_key(client, mira):
    client.get("/sign-in/")
    session = client.session
    session["before"] = 1
    session.save()
    old = session.session_key
    client.cookies["studio_session_8000"] = old
    sign_in(client)
    assert client.session.session_key != old
    assert not BrowserSession.objects.filter(session_key=old).exists()


@pytest.mark.parametrize(("form", "closes"), [({"keep": "on"}, False), ({}, True)])
def test_only_users_who_choose_it_stay_signed_in(client, mira, form, closes):
    sign_in(client, **form)
    cookie = next(c for n, c in client.cookies.items() if "session" in n)
    assert (cookie["max-age"] == "") is closes


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client, mira):
    client.get("/sign-in/")
    sign_in(client)
    assert len(client.cookies) == 3
    for name, cookie in client.cookies.items():
        assert name.endswith("_8000")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_the_sixth_attempt_has_to_wait_even_with_the_right_password(client, mira):
    for _time in range(5):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "Try again in 15 minutes" in answer.text


def fail(client: Client, times: int, first: int = 0) -> None:
    """Fail to sign in, each time from another address."""
    for number in range(first, first + times):
        address = f"198.51.{number // 250}.{number % 250}"
        data = {"name": "mira", "password": "wrong"}
        client.post("/sign-in/", data, REMOTE_ADDR=address)


def test_failures_elsewhere_do_not_count(client, mira):
    for _time in range(5):
        sign_in(client, password="wrong")
    data = {"name": "mira", "password": PASSWORD}
    answer = Client().post("/sign-in/", data, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 302


def test_only_browsers_that_signed_in_before_pass_a_guessed_name(
    client, mira, monkeypatch
):
    monkeypatch.setattr("runs.actions.account.sign_in.MAX_FAILURES_PER_NAME", 20)
    make_person("max", password=PASSWORD)
    sign_in(client)
    sign_in(client, name="max")
    client.post("/sign-out/")
    fail(Client(), 20)
    assert sign_in(Client()).status_code == 429
    assert sign_in(client).status_code == 302
    # It has a count of its own, and a forged cookie is none.
    client.post("/sign-out/")
    for _time in range(5):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 429
    forged = Client()
    forged.cookies["studio_browser_8000"] = f'["key",{mira.pk}]'
    assert sign_in(forged).status_code == 429


def test_a_browser_of_one_user_is_none_of_another(client, mira, monkeypatch):
    monkeypatch.setattr("runs.actions.account.sign_in.MAX_FAILURES_PER_NAME", 20)
    make_person("max", password=PASSWORD)
    sign_in(client, name="max")
    client.post("/sign-out/")
    fail(Client(), 20)
    assert sign_in(client).status_code == 429


def test_one_address_cannot_try_many_names(client, mira):
    for number in range(30):
        sign_in(client, name=f"name{number}")
    assert sign_in(client).status_code == 429
    assert (
        client.post(
            "/sign-in/",
            {"name": "mira", "password": PASSWORD},
            REMOTE_ADDR="192.0.2.7",
        ).status_code
        == 302
    )


def test_old_failures_no_longer_count(client, mira):
    for _time in range(5):
        sign_in(client, password="wrong")
    SignInFailure.objects.update(time="2020-01-01T00:00:00Z")
    assert sign_in(client).status_code == 302
    assert SignInFailure.objects.count() == 0


def test_the_form_needs_its_csrf_token(mira):
    assert sign_in(browser_of(None, csrf=True)).status_code == 403


def test_signing_out_ends_the_session(client, mira):
    sign_in(client)
    client.post("/sign-out/")
    assert client.get("/account/").status_code == 302
    assert BrowserSession.objects.filter(user=mira).count() == 0


def link_of(user: User, *, age: int = 0) -> str:
    _link, secret = create_sign_in_link(user, actor=SERVER, now=now_ms() - age)
    return f"/sign-in/link/{secret}/"


def test_opening_a_sign_in_link_does_not_use_it_up(client, mira):
    link = link_of(mira)
    assert "Sign in as mira" in client.get(link).text
    assert "Sign in as mira" in client.get(link).text
    assert client.get("/account/").status_code == 302


def test_a_link_signs_in_once(client, mira):
    link = link_of(mira)
    assert client.post(link).headers["Location"] == "/"
    assert client.get("/account/").status_code == 200
    assert Client().post(link).status_code == 404
    assert "was used or has expired" in Client().get(link).text


def test_a_used_link_explains_how_to_get_a_new_one(client, mira):
    used, old = link_of(mira), link_of(mira, age=15 * 60_000)
    client.post(used)
    pages = [Client().get(link) for link in (used, old, "/sign-in/link/none/")]
    assert {page.status_code for page in pages} == {404}
    shown = {page.text.partition("<h1>")[2].partition("</p>")[0] for page in pages}
    [text] = shown
    assert "This link no longer works" in text
    assert "for 15 minutes" in text
    assert "python manage.py member NAME" in text
    assert "user name that first started the server" in text
    assert "NotFound" not in pages[0].text


def test_a_sign_in_link_expires_after_fifteen_minutes(client, mira):
    link = link_of(mira, age=15 * 60_000)
    assert client.post(link).status_code == 404
    assert client.post(link_of(mira, age=14 * 60_000)).status_code == 302


def test_a_link_does_not_leak_its_secret_to_other_sites(client, mira):
    assert client.get(link_of(mira)).headers["Referrer-Policy"] == "same-origin"


def test_a_pasted_sign_in_link_is_opened(client, mira):
    path = link_of(mira)
    answer = client.post("/sign-in/link/", {"link": f" http://0.0.0.0:8000{path} "})
    assert answer.headers["Location"] == path


def test_a_signed_out_user_returns_to_the_linked_page(client, mira):
    answer = client.get("/w/lab/members/?role=owner")
    assert answer.headers["Location"] == (
        "/sign-in/?next=%2Fw%2Flab%2Fmembers%2F%3Frole%3Downer"
    )


@pytest.mark.parametrize("pasted", ["http://[x", "//[", "?", "/", "http://h/?a=/b"])
def test_a_pasted_text_without_a_link_returns_to_the_form(
    client: Client, pasted: str
) -> None:
    answer = client.post("/sign-in/link/", {"link": pasted})
    assert answer.status_code == 302
