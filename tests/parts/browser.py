"""A real Chromium, watched: what it complains about fails the test."""

from __future__ import annotations

import os
import shutil
from collections import Counter
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
    ConsoleMessage,
    Page,
    Response,
    StorageState,
    WebError,
    sync_playwright,
)

from tests.parts.needs import missing

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
    `CSP: ${event.violatedDirective} ${event.blockedURI} on ${event.documentURI}`))
"""
#: Uploaded HTML is shown in a sandbox; what it may not do there is its own trouble.
SANDBOXED = "/files/raw/"
#: What htmx calls an error where a newer question takes an older one's place; of an
#: answer that failed it says more (`htmx:sendError`).
REPLACED = ("htmx:sendAbort,", "htmx:afterRequest,")
#: A page with this number of POSTs to one address in a test repeats them endlessly.
MANY = 40
#: What a page can store in a profile, apart from cookies.
STORAGE = "local_storage,indexeddb,cache_storage,service_workers,file_systems"


@dataclass
class Watch:
    """Complaints of a browser context: errors, CSP violations, answers of 5xx."""

    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    posted: Counter[str] = field(default_factory=Counter)

    def expect(self, text: str) -> None:
        """A complaint with this text in it is what the test provokes."""
        self.expected.append(text)

    def on_console(self, message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location['url']})"
        is_trouble = SANDBOXED not in said and not said.startswith(REPLACED)
        if message.type == "error" and is_trouble:
            self.complaints.append(said)

    def on_error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def on_response(self, answer: Response) -> None:
        if answer.status >= 500:
            self.complaints.append(f"{answer.status} {answer.url}")
        if answer.request.method == "POST":
            place = answer.url.partition("?")[0]
            self.posted[place] += 1
            if self.posted[place] == MANY:
                self.complaints.append(f"{MANY} times POST {place}")

    def start(self, context: BrowserContext) -> None:
        context.on("console", self.on_console)
        context.on("weberror", self.on_error)
        context.on("response", self.on_response)

    def stop(self, context: BrowserContext) -> None:
        context.remove_listener("console", self.on_console)
        context.remove_listener("weberror", self.on_error)
        context.remove_listener("response", self.on_response)

    def unexpected(self) -> list[str]:
        return [
            line
            for line in self.complaints
            if not any(text in line for text in self.expected)
        ]


def find_browser() -> str | None:
    """`STUDIO_TEST_BROWSER`, or the first that is installed.

    The headless shell is Chromium without its own windows: a page costs a third.
    """
    wanted = os.environ.get("STUDIO_TEST_BROWSER")
    names = (
        (wanted,)
        if wanted
        else ("chromium-headless-shell", "chromium", "google-chrome")
    )
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    program = find_browser()
    if program is None:
        missing("Chromium", "Install it: apt-get install chromium")
    # Playwright leaves an event loop marked as running in this thread, which Django
    # takes for asynchronous code in every later test.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def new_context(
    browser: Browser,
    watch: Watch,
    *,
    state: StorageState | None = None,
    width: int = 1280,
    base: str | None = None,
    scripts: bool = True,
) -> BrowserContext:
    """A clean profile whose pages report to `watch`; `base` begins its addresses."""
    context = open_context(
        browser, state=state, width=width, base=base, scripts=scripts
    )
    watch.start(context)
    return context


def open_context(
    browser: Browser,
    *,
    state: StorageState | None = None,
    width: int = 1280,
    base: str | None = None,
    scripts: bool = True,
) -> BrowserContext:
    """A clean profile that reports to no one yet."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        storage_state=state,
        base_url=base,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(10_000)
    context.add_init_script(REPORT_VIOLATIONS)
    return context


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
def watch() -> Iterator[Watch]:
    """What the browser complained about; anything unexpected fails the test."""
    watching = Watch()
    yield watching
    unexpected = watching.unexpected()
    assert not unexpected, "\n".join(unexpected)


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
