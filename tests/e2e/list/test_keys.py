"""The keys of the list."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_keys_move_between_rows_open_them_and_focus_the_filter(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
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


def test_the_shortcut_list_opens_and_closes_on_every_page(runs_page: Page) -> None:
    dialog = runs_page.get_by_role("dialog", name="Keyboard shortcuts")
    for address in ("/w/default/runs/", "/w/default/experiments/", "/help/"):
        runs_page.goto(address)
        expect(dialog).to_be_hidden()
        runs_page.keyboard.press("?")
        expect(dialog).to_be_visible()
        runs_page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    runs_page.get_by_label("Account menu of").click()
    runs_page.get_by_role("link", name="Keyboard shortcuts").click()
    expect(dialog).to_be_visible()


def test_arrows_open_and_close_the_child_runs_of_a_row(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/?q=experiment:sweeps&children=1")
    name = runs_page.locator("[data-row-link]", has_text=re.compile("^sweep$"))
    child = runs_page.get_by_role("link", name="sweep-6", exact=True)
    name.focus()
    runs_page.keyboard.press("ArrowRight")
    expect(child).to_be_visible()
    expect(name).to_be_focused()
    runs_page.keyboard.press("ArrowLeft")
    expect(child).to_have_count(0)


def test_a_redraw_keeps_the_focus_on_the_same_item(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/?q=experiment:digits&rows=25")
    name = runs_page.get_by_role("columnheader", name="Display name")
    name.locator("a").first.press("Enter")
    expect(name).to_have_attribute("aria-sort", "ascending")
    expect(name.locator("a").first).to_be_focused()
    runs_page.get_by_role("link", name="Next").press("Enter")
    expect(runs_page.locator(".pages")).to_contain_text("26–46 of 46")
    expect(runs_page.locator("[data-row-link]").first).to_be_focused()
    value = runs_page.locator("tr[data-row] td.state a").first
    value.press("Enter")
    expect(runs_page.locator(".pill")).to_have_count(2)
    expect(runs_page.locator(":focus")).to_have_class("value")
    pills = runs_page.locator(".pill .remove")
    pills.first.press("Enter")
    expect(pills).to_have_count(1)
    expect(pills).to_be_focused()
    pills.press("Enter")
    expect(pills).to_have_count(0)
    expect(runs_page.locator("#q")).to_be_focused()
    expect(runs_page.locator("#q")).to_have_value("")
    group = runs_page.locator(".strip a").nth(1)
    group.press("Enter")
    expect(group).to_have_attribute("aria-current", "true")
    expect(group).to_be_focused()


def test_a_phone_has_the_tools_in_menus(phone_page: Page) -> None:
    phone_page.goto("/w/default/runs/")
    more = phone_page.get_by_label("More", exact=True)
    more.click()
    phone_page.get_by_role("link", name="Edit columns").click()
    dialog = phone_page.get_by_role("dialog", name="Edit columns")
    expect(dialog).to_be_visible()
    phone_page.keyboard.press("Escape")
    more.click()
    phone_page.get_by_role("link", name="Facets").click()
    expect(phone_page.locator("#facets")).to_be_visible()
    phone_page.locator("#facets-close").click()
    expect(phone_page.locator("#facets")).to_be_hidden()
    phone_page.locator("summary", has_text="Sorted by").click()
    phone_page.get_by_role("link", name="Display name").click()
    expect(phone_page.locator("[data-row-link]").first).to_have_text("digits-01")
    phone_page.get_by_label("Rows per page").select_option("25")
    expect(phone_page.locator("[data-row-link]")).to_have_count(25)
    strip = phone_page.locator(".strip")
    assert strip.evaluate("it => it.scrollWidth <= it.clientWidth")
    assert phone_page.evaluate("document.documentElement.scrollWidth") == 360
