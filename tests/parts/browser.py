"""A real Chromium, watched: what it complains about fails the test."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
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


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the browser complained about; anything unexpected fails the test."""
    watching = Watch()
    yield watching
    unexpected = watching.unexpected()
    assert not unexpected, "\n".join(unexpected)
