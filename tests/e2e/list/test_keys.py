"""The keys of the list."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_rows_are_walked_opened_and_the_box_is_reached(runs_page: Page) -> None:
    names = runs_page.locator("[data-row-link]")
    runs_page.keyboard.press("j")
    expect(names.first).to_be_focused()
    runs_page.keyboard.press("j")
    expect(names.nth(1)).to_be_focused()
    runs_page.keyboard.press("k")
    expect(names.first).to_be_focused()
    runs_page.keyboard.press("/")
    expect(runs_page.locator("#q")).to_be_focused()
    runs_page.keyboard.type("j?/")
    expect(runs_page.locator("#q")).to_have_value("j?/")
    expect(names.first).not_to_be_focused()
    runs_page.locator("h1").click()
    runs_page.keyboard.press("j")
    runs_page.keyboard.press("Enter")
    runs_page.wait_for_url("**/runs/*/")


def test_the_list_of_keys_opens_and_closes_on_every_page(runs_page: Page) -> None:
    dialog = runs_page.get_by_role("dialog", name="Keys")
    for address in ("/w/default/runs/", "/w/default/experiments/", "/help/"):
        runs_page.goto(address)
        expect(dialog).to_be_hidden()
        runs_page.keyboard.press("?")
        expect(dialog).to_be_visible()
        runs_page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    runs_page.get_by_label("Account of").click()
    runs_page.get_by_role("link", name="Keys").click()
    expect(dialog).to_be_visible()
