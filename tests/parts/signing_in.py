"""Signing in to a server as a person does: by a link, in the browser."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, StorageState

from runs.actions.account.links import SIGN_IN_MINUTES
from runs.management.operator_access import operating_system_user_name
from tests.parts.browser import Watch, new_context
from tests.parts.manage import manage
from tests.parts.server import Server


@pytest.fixture(scope="session")
def owner_state(browser: Browser, server: Server) -> StorageState:
    """The cookies of the owner, who signed in once by a link."""
    return sign_in(browser, server)


def sign_in(browser: Browser, server: Server) -> StorageState:
    """Uses the server's link up; returns the owner's cookies."""
    context = new_context(browser, Watch())
    visit = context.new_page()
    visit.goto(working_link(server))
    visit.get_by_role("button").first.click()
    visit.wait_for_url(lambda address: "/w/" in address)
    state = context.storage_state()
    context.close()
    return state


def working_link(server: Server) -> str:
    """The printed one; where other tests took longer than it lives, a new one."""
    if time.monotonic() - server.ready < 60 * SIGN_IN_MINUTES / 2:
        return server.sign_in_url
    return new_link(server)


def new_link(server: Server) -> str:
    """A link that no other test has used up."""
    done = manage(server.home, "member", operating_system_user_name())
    return done.stdout.rpartition(": ")[2].strip()
