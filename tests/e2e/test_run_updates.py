"""Refreshing the run page loses nothing that its reader is editing."""

from __future__ import annotations

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.parts.remote import Remote
from tests.parts.server import Server


@pytest.fixture
def run(server: Server) -> Remote:
    run = Remote(server)
    run.tag("seed", "1")
    return run


class Held:
    """The next answer of an address: the server has given it, the page waits for it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.held: tuple[Route, APIResponse] | None = None
        page.route(address, self.hold)

    def hold(self, route: Route) -> None:
        if self.held:
            route.fallback()
        else:
            self.held = (route, route.fetch())

    def wait(self) -> None:
        for _turn in range(200):
            if self.held:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("The page asked for nothing.")

    def give(self) -> None:
        assert self.held
        route, answer = self.held
        route.fulfill(response=answer)


@pytest.fixture
def card(run: Remote, owner_page: Page) -> Locator:
    owner_page.goto(run.page)
    return owner_page.locator("#run-tags-card")


def look(page: Page) -> None:
    page.evaluate("document.dispatchEvent(new CustomEvent('page:refresh'))")


@pytest.fixture
def news(run: Remote, owner_page: Page, card: Locator) -> Held:
    """What the page asked for after a second tag was set elsewhere."""
    run.tag("model", "resnet50")
    held = Held(owner_page, run.page)
    look(owner_page)
    held.wait()
    return held


def test_an_update_does_not_replace_a_pressed_edit_button(
    run: Remote, owner_page: Page, card: Locator
) -> None:
    card.get_by_label("Edit tag seed").hover()
    owner_page.mouse.down()
    run.tag("model", "resnet50")
    run.rename("theirs")
    heading = owner_page.get_by_role("heading", level=1)
    expect(heading).to_have_text("theirs", timeout=15_000)
    expect(card.locator(".chip")).to_have_count(1)
    owner_page.mouse.up()
    value = card.get_by_label("seed:")
    expect(value).to_be_focused()
    value.press("Escape")
    expect(card.locator(".chip")).to_have_count(2, timeout=15_000)


def test_an_update_does_not_prevent_an_editor_from_opening(
    run: Remote, owner_page: Page, card: Locator, news: Held
) -> None:
    editor = Held(owner_page, f"{run.page}tags/?key=seed")
    card.get_by_label("Edit tag seed").click()
    editor.wait()
    news.give()
    owner_page.wait_for_timeout(100)
    editor.give()
    value = card.get_by_label("seed:")
    expect(value).to_be_focused()
    value.press("Escape")
    expect(card.locator(".chip")).to_have_count(2)


def test_an_older_update_does_not_revert_a_change(
    run: Remote, owner_page: Page, card: Locator, news: Held
) -> None:
    card.get_by_role("link", name="Add tag").click()
    box = card.get_by_label("New tag")
    box.fill("mine: 1")
    box.press("Enter")
    expect(card.locator(".chip")).to_have_count(3)
    owner_page.evaluate(
        """() => new MutationObserver(() => {
          const chips = document.querySelectorAll("#run-tags-card .chip");
          if (chips.length < 3) window.lost = true;
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    news.give()
    owner_page.wait_for_timeout(200)
    with owner_page.expect_response(run.page):
        look(owner_page)
    expect(card.locator(".chip")).to_have_count(3)
    assert not owner_page.evaluate("window.lost")
