"""A member who lost the password, in a real browser, with a real mail server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.actions.notify.smtp import Postbox, body, smtp_server
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server, running
from tests.parts.waiting import becomes

PEOPLE = """
import django; django.setup()
from runs.actions.account import add_member, create_user_with_password
from runs.actions.actor import SERVER
from runs.models import Role, User, Workspace, now_ms
workspace = Workspace.objects.get(name="default")
for name, role in (("mira", Role.CONTRIBUTOR), ("olga", Role.OWNER)):
    user = create_user_with_password(name, "OLD", actor=SERVER, now=now_ms())
    User.objects.filter(pk=user.pk).update(
        email=name + "@tern.example", confirmed_email=name + "@tern.example"
    )
    add_member(workspace, user, role, actor=SERVER, now=now_ms())
"""
OLD, NEW = "a forgotten pass phrase", "a pass phrase on paper"


@pytest.fixture(scope="module")
def mailing(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, Postbox]]:
    with smtp_server() as postbox:
        env = {
            "EMAIL_URL": f"smtp://127.0.0.1:{postbox.server.port}",
            "EMAIL_FROM": "studio@mail.example",
        }
        home: Path = tmp_path_factory.mktemp("mailing") / "home"
        with running(home, env=env) as server:
            done = run_script(home, PEOPLE.replace("OLD", OLD), env=env)
            assert done.returncode == 0, done.stderr
            yield server, postbox


def set_new_password(page: Page, new: str) -> None:
    page.get_by_label("New password").fill(new)
    page.get_by_label("Confirm password").fill(new)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Password changed.")).to_be_visible()


def sign_in(page: Page, server: Server, name: str, password: str) -> None:
    page.goto(f"{server.url}/sign-in/")
    page.get_by_label("Email or user name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{server.url}/w/default/**")


def test_a_mail_and_a_new_password(page: Page, mailing: tuple[Server, Postbox]) -> None:
    server, postbox = mailing
    page.goto(f"{server.url}/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email or user name").fill("mira")
    page.get_by_role("button", name="Send mail").click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    assert becomes(lambda: len(postbox.mails) == 1, 120)
    found = re.search(r"http://\S+", body(postbox.mails[0], "plain"))
    assert found
    page.goto(found[0])
    page.get_by_role("button", name="Sign in as mira").click()
    page.wait_for_url("**/account/#account_password")
    set_new_password(page, NEW)
    page.context.clear_cookies()
    sign_in(page, server, "mira", NEW)


def test_an_owner_gives_a_link(
    page: Page, profiles: Profiles, watch: Watch, mailing: tuple[Server, Postbox]
) -> None:
    server, _postbox = mailing
    sign_in(page, server, "olga", OLD)
    page.goto(f"{server.url}/w/default/members/")
    page.get_by_role("button", name="Create sign-in link for mira").click()
    link = page.locator("#new-link").inner_text()
    with profiles.page(watch) as other:
        other.goto(link)
        other.get_by_role("button", name="Sign in as mira").click()
        set_new_password(other, "a third pass phrase")
