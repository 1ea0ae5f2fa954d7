"""One server with the runs of `content` for all of the list's browser tests.

A test may change what it made itself; the known runs stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.list import content
from tests.parts.browser import Profiles, Watch, new_context
from tests.parts.server import Server, running
from tests.parts.signing_in import sign_in


@pytest.fixture(scope="session")
def list_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("list") / "home") as started:
        content.fill(started)
        yield started


@pytest.fixture(scope="session")
def list_state(browser: Browser, list_server: Server) -> StorageState:
    """The cookies of the owner of `list_server`."""
    return sign_in(browser, list_server)


@pytest.fixture
def runs_page(
    profiles: Profiles, watch: Watch, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """A page of the signed-in owner, 1280 wide; the test opens what it needs.

    `page.goto("/w/default/runs/?q=…")` is relative to the server.
    """
    yield from _owners_page(profiles, watch, list_server, list_state)


@pytest.fixture
def clock_page(
    browser: Browser, watch: Watch, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """The same in a profile of its own, for a test that sets the clock."""
    context = new_context(browser, watch, state=list_state, base=list_server.url)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone_page(
    profiles: Profiles, watch: Watch, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """The same, 360 wide."""
    yield from _owners_page(profiles, watch, list_server, list_state, width=360)


@pytest.fixture
def plain_page(
    profiles: Profiles, watch: Watch, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """The same as `runs_page`, without JavaScript."""
    yield from _owners_page(profiles, watch, list_server, list_state, scripts=False)


def _owners_page(
    profiles: Profiles,
    watch: Watch,
    server: Server,
    state: StorageState,
    *,
    width: int = 1280,
    scripts: bool = True,
) -> Iterator[Page]:
    with profiles.page(
        watch, state=state, width=width, base=server.url, scripts=scripts
    ) as page:
        yield page
