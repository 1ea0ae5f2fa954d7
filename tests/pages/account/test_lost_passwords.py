"""Ways back to an account: a mail with a link, and a link from an owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from runs.actions.account.accounts import add_member
from runs.actions.actor import SERVER
from runs.actions.notify import MailSender, create_sign_in_mails
from runs.models import (
    ChangeSet,
    Delivery,
    Member,
    Role,
    SignInMailRequest,
    User,
    now_ms,
)
from tests.access.people import (
    PASSWORD,
    Team,
    browser_of,
    make_person,
    make_team,
    space,
)
from tests.actions.notify.smtp import Postbox, body, smtp_server

pytestmark = pytest.mark.django_db

BASE = "https://studio.example"
HOUR = 3_600_000
NEW = "another long pass phrase"


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    with smtp_server() as postbox:
        settings.MAIL_SERVER = postbox.server
        settings.MAIL_FROM = "Run Studio <studio@mail.example>"
        yield postbox


@pytest.fixture
def mira() -> User:
    user = make_person("mira", password=PASSWORD)
    user.email = user.confirmed_email = "mira@tern.example"
    user.save()
    add_member(space(), user, Role.READER, actor=SERVER, now=now_ms())
    return user


def request_mail(client: Client, name: str = "mira", address: str = "192.0.2.1") -> Any:
    return client.post("/sign-in/forgot/", {"name": name}, REMOTE_ADDR=address)


def work(now: int | None = None) -> None:
    """What the worker does once."""
    create_sign_in_mails(now or now_ms())
    MailSender(lambda: BASE)(now or now_ms())


def link_of(postbox: Postbox) -> str:
    [mail] = postbox.mails
    found = re.search(rf"{BASE}(/sign-in/link/\S+)", body(mail, "plain"))
    assert found
    return found[1]


@pytest.mark.parametrize("name", ["mira", " MIRA", "Mira@tern.example"])
def test_a_mail_brings_a_member_back(
    client: Client, mira: User, postbox: Postbox, name: str
) -> None:
    assert request_mail(client, name).status_code == 200
    work()
    [mail] = postbox.mails
    assert mail["To"] == "mira@tern.example"
    assert "15 minutes" in body(mail, "plain").replace("\n", " ")
    path = link_of(postbox)
    assert "Sign in as mira" in client.get(path).text
    answer = client.post(path)
    assert answer.headers["Location"] == "/account/#account_password"
    assert "without the current one" in client.get("/account/").text
    client.post("/account/password/", {"new": NEW, "again": NEW})
    back = Client().post("/sign-in/", {"name": "mira", "password": NEW})
    assert back.status_code == 302
    assert Client().post(path).status_code == 404


def test_the_response_is_the_same_for_an_unknown_name(
    mira: User, postbox: Postbox, django_assert_num_queries: Any
) -> None:
    pages = []
    for name in ("mira", "nobody", "mira@tern.example", "x@tern.example"):
        with django_assert_num_queries(6):
            pages.append(main_part(request_mail(Client(), name)))
    assert len(set(pages)) == 1
    assert "is on its way" in pages[0]
    work()
    assert len(postbox.mails) == 1


def main_part(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode().partition("<h1>")[2].partition("<form")[0]


@pytest.mark.parametrize(
    "change",
    [{"confirmed_email": ""}, {"is_active": False}, {"email": "new@b.example"}],
)
def test_only_a_confirmed_address_gets_a_mail(
    client: Client, mira: User, postbox: Postbox, change: dict[str, Any]
) -> None:
    User.objects.filter(pk=mira.pk).update(**change)
    assert request_mail(client).status_code == 200
    work()
    assert postbox.mails == []


def test_an_address_that_changed_before_the_mail_gets_none(
    client: Client, mira: User, postbox: Postbox
) -> None:
    request_mail(client)
    create_sign_in_mails(now_ms())
    User.objects.update(email="b@tern.example", confirmed_email="b@tern.example")
    MailSender(lambda: BASE)(now_ms())
    assert postbox.mails == []
    assert Delivery.objects.get().error == "the address was changed"


def test_a_mail_is_not_sent_an_hour_late(
    client: Client, mira: User, postbox: Postbox
) -> None:
    request_mail(client)
    create_sign_in_mails(now_ms() - HOUR - 1000)
    MailSender(lambda: BASE)(now_ms())
    assert postbox.mails == []
    assert Delivery.objects.get().error == "the request is too old"


def test_several_requests_are_one_mail(mira: User, postbox: Postbox) -> None:
    for _time in range(3):
        request_mail(Client())
    work()
    work()
    assert len(postbox.mails) == 1


@pytest.mark.parametrize("name", ["mira", "nobody"])
def test_one_address_can_request_three_mails_for_a_name(
    mira: User, postbox: Postbox, name: str
) -> None:
    codes = [request_mail(Client(), name).status_code for _time in range(4)]
    assert codes == [200, 200, 200, 429]
    assert request_mail(Client(), name, "192.0.2.9").status_code == 200
    SignInMailRequest.objects.update(time="2020-01-01T00:00:00Z")
    assert request_mail(Client(), name).status_code == 200


def test_one_address_cannot_try_many_names(mira: User, postbox: Postbox) -> None:
    for number in range(20):
        request_mail(Client(), f"name{number}")
    answer = request_mail(Client())
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_others_cannot_use_up_the_requests_of_a_known_browser(
    client: Client, mira: User, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "runs.actions.account.mail_requests.MAX_REQUESTS_PER_NAME"
    monkeypatch.setattr(limit, 5)
    client.post("/sign-in/", {"name": "mira", "password": PASSWORD})
    client.post("/sign-out/")
    for number in range(5):
        request_mail(Client(), address=f"198.51.100.{number}")
    assert request_mail(Client(), address="198.51.100.9").status_code == 429
    assert request_mail(client).status_code == 200


def test_without_a_mail_server_an_owner_is_named(client: Client, mira: User) -> None:
    assert "Ask an owner" in client.get("/sign-in/forgot/").text
    assert "Ask an owner" in client.get("/sign-in/").text
    assert request_mail(client).status_code == 409
    assert not SignInMailRequest.objects.exists()


def test_an_empty_name_is_refused(client: Client, postbox: Postbox) -> None:
    answer = request_mail(client, " ")
    assert answer.status_code == 400
    assert "Enter a user name" in answer.text


@pytest.fixture
def team() -> Team:
    return make_team()


def member_path(user: User) -> str:
    member = Member.objects.get(workspace__name="lab", user=user)
    return f"/w/lab/members/{member.pk}/sign-in-link/"


def test_an_owner_creates_a_link_for_a_member(team: Team) -> None:
    owner = browser_of(team.owner)
    assert member_path(team.reader) in owner.get("/w/lab/members/").text
    page = owner.post(member_path(team.reader)).text
    found = re.search(r"http://testserver(/sign-in/link/[^<]+)", page)
    assert found
    visitor = Client()
    assert visitor.post(found[1]).headers["Location"] == "/account/#account_password"
    assert visitor.get("/w/lab/members/").status_code == 200
    change = ChangeSet.objects.latest("pk").changes.get()
    assert change.field == "members.reader.sign_in_link"


def test_a_link_never_opens_workspaces_that_its_creator_does_not_own(
    team: Team,
) -> None:
    add_member(space("other"), team.reader, Role.READER, actor=SERVER, now=now_ms())
    owner = browser_of(team.owner)
    assert member_path(team.reader) not in owner.get("/w/lab/members/").text
    answer = owner.post(member_path(team.reader))
    assert answer.status_code == 409
    assert "that you don’t own" in answer.text or "don&#x27;t own" in answer.text
    add_member(space("other"), team.owner, Role.OWNER, actor=SERVER, now=now_ms())
    assert owner.post(member_path(team.reader)).status_code == 200


def test_after_a_quarter_of_an_hour_a_new_password_needs_the_current_one(
    client: Client, mira: User, postbox: Postbox
) -> None:
    request_mail(client)
    work()
    client.post(link_of(postbox))
    session = client.session
    session["can_reset_password_until"] = now_ms() - 1
    session.save()
    answer = client.post("/account/password/", {"new": NEW, "again": NEW})
    assert answer.status_code == 400
    assert "current password is wrong" in answer.text
