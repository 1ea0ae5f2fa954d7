"""What is copied, read from the clipboard itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.parts.browser import Profiles, Watch
from tests.parts.server import Server

COMPARE = "/w/default/compare/?run=digits-01&run=digits-02&find=epochs"
FORMS = {
    "CSV": ("section,name,digits-01,digits-02", "params,epochs,10,20"),
    "Markdown": ("|  | Name |", "| Parameters | epochs | 10 | 20 |"),
    "LaTeX": (r"\begin{tabular}", r"Parameters & epochs & 10 & 20 \\"),
}


@pytest.fixture
def clipped_page(
    profiles: Profiles, watch: Watch, list_server: Server, list_state: StorageState
) -> Iterator[Page]:
    """A page that may use the clipboard."""
    with profiles.page(watch, state=list_state, base=list_server.url) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_comparison_is_copied_in_each_format(
    clipped_page: Page, name: str, by: str
) -> None:
    page = clipped_page
    page.goto(COMPARE)
    menu = page.locator("#compare-copy")
    opener, item = menu.locator("summary"), menu.get_by_role("link", name=name)
    if by == "mouse":
        opener.click()
        item.click()
    else:
        opener.press("Enter")
        item.focus()
        page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text(f"Copied as {name}")
    lines = clipboard(page).splitlines()
    first, values = FORMS[name]
    assert lines[0].startswith(first)
    assert values in lines
    expect(menu).not_to_have_attribute("open", "")
    expect(opener).to_be_focused()


def test_copying_works_without_https(clipped_page: Page) -> None:
    """Such a page has no `navigator.clipboard`."""
    page = clipped_page
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: null})")
    page.goto(COMPARE)
    page.locator("#compare-copy summary").click()
    page.locator("#compare-copy").get_by_role("link", name="CSV").click()
    expect(page.locator(".toast")).to_contain_text("Copied as CSV")
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".toast").last).to_contain_text("Link copied")
    other = page.context.new_page()
    other.goto("/w/default/compare/")
    page.close()
    other.bring_to_front()
    assert "/w/default/compare/?run=digits-01" in clipboard(other)


def test_a_failed_copy_is_reported(clipped_page: Page) -> None:
    page = clipped_page
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: null})")
    page.add_init_script("document.execCommand = () => false")
    page.goto(COMPARE)
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".toast")).to_contain_text("blocked copying")
