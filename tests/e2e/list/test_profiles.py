"""A test gets a browser profile as if it were new, but with the cached files."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, StorageState

from tests.parts.browser import Profiles, Watch
from tests.parts.server import Server

LEAVE = """async () => {
  localStorage.setItem("left", "1");
  sessionStorage.setItem("left", "1");
  document.cookie = "left=1; path=/";
  await new Promise((done) => (indexedDB.open("left").onsuccess = done));
}"""
FOUND = """async () => ({
  stored: localStorage.length + sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  online: navigator.onLine,
  clipboard: (await navigator.permissions.query({name: "clipboard-read"})).state,
})"""


def visit(page: Page, server: Server) -> tuple[dict[str, Any], set[str], int]:
    """What is found in the profile, its cookies, and how many files were cached."""
    page.goto(f"{server.url}/help/")
    names = {cookie["name"] for cookie in page.context.cookies()}
    cached = page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((each) => each.transferSize === 0).length"
    )
    return page.evaluate(FOUND), names, cached


def test_nothing_but_cached_files_passes_from_test_to_test(
    profiles: Profiles, watch: Watch, list_server: Server, list_state: StorageState
) -> None:
    with profiles.page(watch, state=list_state, width=700) as page:
        first = visit(page, list_server)
        page.evaluate(LEAVE)
        page.context.grant_permissions(["clipboard-read"])
        page.context.route("**/*", lambda route: route.abort())
        page.context.set_offline(True)
    with profiles.page(watch, state=list_state, width=700) as page:
        second = visit(page, list_server)
    assert second[:2] == first[:2]
    assert second[2] > first[2]


def test_complaints_go_to_the_test_that_caused_them(
    profiles: Profiles, watch: Watch, list_server: Server
) -> None:
    other = Watch()
    with profiles.page(other) as page:
        page.goto(f"{list_server.url}/help/")
        page.evaluate("console.error('first')")
    with profiles.page(watch) as page:
        page.goto(f"{list_server.url}/help/")
    assert "first" in str(other.complaints)
    assert not watch.complaints
