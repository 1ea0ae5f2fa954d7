"""Browser profiles that stay open between tests, with the files they have cached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    Response,
    StorageState,
)

from tests.parts.browser import Watch, open_context

#: What a page can store in a profile, apart from cookies.
STORAGE = "local_storage,indexeddb,cache_storage,service_workers,file_systems"


@dataclass
class Profile:
    """A context that one test after another uses as if it were new.

    Pages of a test are closed after it and what they stored is deleted. Only cached
    files and compiled scripts remain. Init scripts and clocks of a context cannot be
    removed: a test that needs them takes `new_context`.
    """

    context: BrowserContext
    state: StorageState | None
    session: CDPSession
    #: The page that keeps `session`; it is not given to tests.
    kept: Page
    origins: set[str] = field(default_factory=set)

    @contextmanager
    def page(self, watch: Watch) -> Iterator[Page]:
        watch.start(self.context)
        self.context.on("response", self.note_origin)
        try:
            yield self.context.new_page()
        finally:
            self.reset()
            self.context.remove_listener("response", self.note_origin)
            watch.stop(self.context)

    def note_origin(self, answer: Response) -> None:
        parts = urlsplit(answer.url)
        self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def reset(self) -> None:
        for page in self.context.pages:
            if page is not self.kept:
                has_clock = page.evaluate("'__pwClock' in globalThis")
                page.close()
                assert not has_clock, "Pages with a clock need `new_context`."
        self.context.set_offline(False)
        self.context.unroute_all()
        self.context.clear_permissions()
        for origin in self.origins:
            cleared = {"origin": origin, "storageTypes": STORAGE}
            self.session.send("Storage.clearDataForOrigin", cleared)
        self.origins.clear()
        self.context.clear_cookies()
        if self.state:
            cookies = cast("list[Any]", self.state.get("cookies", []))
            self.context.add_cookies(cookies)


@dataclass
class Profiles:
    """The profiles of a session, one for each set of options."""

    browser: Browser
    known: dict[tuple[object, ...], Profile] = field(default_factory=dict)

    @contextmanager
    def page(
        self,
        watch: Watch,
        *,
        state: StorageState | None = None,
        width: int = 1280,
        base: str | None = None,
        scripts: bool = True,
    ) -> Iterator[Page]:
        """An empty page that reports to `watch`, as in a profile that is new."""
        key = (id(state), width, base, scripts)
        if key not in self.known:
            context = open_context(
                self.browser, state=state, width=width, base=base, scripts=scripts
            )
            kept = context.new_page()
            session = context.new_cdp_session(kept)
            self.known[key] = Profile(context, state, session, kept)
        with self.known[key].page(watch) as page:
            yield page


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> Iterator[Profiles]:
    """The profiles that the tests of this process share."""
    shared = Profiles(browser)
    yield shared
    for profile in shared.known.values():
        profile.context.close()


@pytest.fixture
def page(profiles: Profiles, watch: Watch) -> Iterator[Page]:
    """An empty page of a visitor who is not signed in."""
    with profiles.page(watch) as empty:
        yield empty


@pytest.fixture
def owner_page(
    profiles: Profiles, watch: Watch, owner_state: StorageState
) -> Iterator[Page]:
    """An empty page of the signed-in owner; addresses are those of `server`."""
    with profiles.page(watch, state=owner_state) as empty:
        yield empty
