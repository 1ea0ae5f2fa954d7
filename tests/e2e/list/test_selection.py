"""Runs are selected by mouse and by keyboard, while the list changes, and changed."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, Page, expect

LIST = "/w/default/runs/?q=experiment:digits&rows=25&sort=name"


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name}", exact=True)


def tray_entries(page: Page) -> list[tuple[str, int]]:
    text = page.locator("#selection-bar").get_attribute("data-runs") or "[]"
    return [(each["name"], each["series"]) for each in json.loads(text)]


def test_a_selection_by_mouse_survives_list_changes(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    page.evaluate(
        "document.body.addEventListener('selection:changed',"
        " (event) => { window.heard = event.detail; })"
    )
    # Quick clicks, faster than answers come.
    for name in ("digits-03", "digits-01", "digits-05"):
        box(page, name).click()
    tray = page.locator("#selection-bar")
    expect(tray).to_contain_text("3 selected")
    assert tray_entries(page) == [("digits-03", 1), ("digits-01", 2), ("digits-05", 3)]
    assert page.evaluate("window.heard.total") == 3
    color = "getComputedStyle(arguments[0], '::before').backgroundColor"
    painted = box(page, "digits-01").evaluate(f"(...arguments) => {color}")
    series = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--series-2')"
    )
    assert painted == series.strip()
    # A range, from the last box on; then one of its rows goes, and leaves its number.
    box(page, "digits-08").click(modifiers=["Shift"])
    expect(tray).to_contain_text("6 selected")
    box(page, "digits-01").click()
    expect(tray).to_contain_text("5 selected")
    box(page, "digits-12").click()
    expect(tray).to_contain_text("6 selected")
    assert ("digits-12", 2) in tray_entries(page)
    expect(box(page, "digits-12")).to_be_focused()

    compare = page.locator("#tool-compare")
    expect(compare).to_have_attribute("href", re.compile("run=digits-03&run=digits-12"))
    page.get_by_role("link", name="Next").click()
    expect(tray).to_contain_text("6 selected, 6 on other pages")
    expect(page.locator("tr.chosen")).to_have_count(0)
    page.locator("th").get_by_role("link", name="Display name").first.click()
    expect(page).to_have_url(re.compile("sort=-name"))
    expect(tray).to_contain_text("6 selected")
    page.locator("#q").fill("experiment:digits and name like 'digits-0%'")
    page.keyboard.press("Enter")
    expect(page.locator("tr.chosen")).to_have_count(5)
    tray.get_by_text("Show only selected").click()
    expect(page.locator("[data-row-link]")).to_have_count(5)
    page.reload()
    expect(page.locator("tr.chosen")).to_have_count(5)
    tray.get_by_text("Show only selected").click()
    expect(page).not_to_have_url(re.compile("only=1"))
    tray.get_by_role("link", name="Clear selection").click()
    expect(tray).to_have_count(0)
    expect(page).not_to_have_url(re.compile("selected="))


def test_each_selection_change_is_sent_once(runs_page: Page) -> None:
    page, sent = runs_page, []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(LIST)
    for count, name in enumerate(("digits-03", "digits-01"), 1):
        box(page, name).click()
        expect(page.locator("#selection-bar")).to_contain_text(f"{count} selected")
    # What follows an answer has begun by the time that another is there.
    page.get_by_role("link", name="Status", exact=True).click()
    expect(page).to_have_url(re.compile("sort=status"))
    assert sum("/list/select/" in url for url in sent) == 2


def test_runs_are_selected_by_keyboard(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    page.get_by_role("link", name="digits-02", exact=True).focus()
    page.keyboard.press("x")
    expect(box(page, "digits-02")).to_be_checked()
    expect(page.get_by_role("link", name="digits-02", exact=True)).to_be_focused()
    expect(page.locator("#tool-compare")).to_have_attribute("aria-disabled", "true")
    for key in ("j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("#selection-bar")).to_contain_text("3 selected")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(r"/compare/\?run=digits-02&run=digits-03"))
    page.go_back()
    expect(box(page, "digits-04")).to_be_checked()
    page.get_by_role("checkbox", name="Select all rows on this page").focus()
    page.keyboard.press("Space")
    expect(page.locator("#selection-bar")).to_contain_text("25 selected")
    all_of_them = page.get_by_role("button", name="Select all 46 matching runs")
    all_of_them.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#selection-bar")).to_contain_text(
        "46 selected, 21 on other pages"
    )
    expect(all_of_them).to_be_visible()
    page.goto("/w/default/runs/?sort=name&rows=25&selected=digits-02")
    expect(box(page, "digits-02")).to_be_checked()
    page.get_by_role("button", name=re.compile("^Select all 5")).click()
    expect(page).to_have_url(re.compile(r"selected=s\.\w+"))
    page.keyboard.press("Escape")


def test_runs_are_selected_without_scripts(plain_page: Page) -> None:
    page = plain_page
    page.goto(LIST)
    box(page, "digits-02").click()
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    box(page, "digits-01").click()
    expect(page).to_have_url(re.compile("selected=digits-02,digits-01"))
    page.get_by_text("Show only selected").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-row-link]")).to_have_count(2)
    page.get_by_role("link", name="Clear selection").click()
    expect(page.locator("#selection-bar")).to_have_count(0)


def test_runs_are_selected_on_a_phone(phone_page: Page) -> None:
    page = phone_page
    page.goto(LIST)
    box(page, "digits-01").click()
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    expect(page.locator("#selection-bar")).to_be_in_viewport()
    expect(page.get_by_role("link", name="What differs?")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360


def test_differences_of_a_selection_link_back_to_its_runs(runs_page: Page) -> None:
    page = runs_page
    page.goto("/w/default/runs/?q=experiment:digits&rows=100&sort=name")
    box(page, "digits-01").click()
    box(page, "digits-20").click(modifiers=["Shift"])
    expect(page.locator("#selection-bar")).to_contain_text("20 selected")
    page.get_by_role("link", name="What differs?").click()
    expect(
        page.get_by_text("20 selected runs vs. 26 other matching runs")
    ).to_be_visible()
    first = page.locator(".differences tbody").first
    expect(first).to_contain_text("model")
    first.get_by_role("link", name="resnet50", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-row-link]")).to_have_count(20)
    expect(page.locator("#selection-bar")).to_contain_text("20 selected")


def test_selected_runs_are_tagged_and_renamed_and_one_key_undoes_it(
    runs_page: Page,
) -> None:
    page = runs_page
    page.goto(LIST)
    for name in ("digits-02", "digits-04"):
        box(page, name).click()
    expect(page.locator("#selection-bar")).to_contain_text("2 selected")
    page.locator("#tray-tag").click()
    dialog = page.get_by_role("dialog", name="Tag 2 runs")
    dialog.get_by_label("New tag").fill("bulk: yes")
    page.keyboard.press("Enter")
    expect(dialog.locator(".bulk-changes")).to_contain_text("2 runs")
    dialog.get_by_role("button", name="Change 2 runs").click()
    expect(page.get_by_text("Tags of 2 runs changed")).to_be_visible()
    page.locator("#tray-tag").click()
    tag = page.get_by_role("checkbox", name="bulk: yes")
    expect(tag).to_have_attribute("aria-checked", "true")
    tag.click()
    expect(tag).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Change 2 runs").click()
    expect(page.get_by_text("Tags of 2 runs changed")).to_be_visible()
    page.locator("#tray-rename").click()
    page.get_by_role("textbox", name="New name").fill("{name} {tags.nosuch}x")
    expect(page.get_by_role("cell", name="digits-02 x")).to_be_visible()
    page.get_by_role("button", name="Rename 2 runs").click()
    expect(page.get_by_role("link", name="digits-04 x", exact=True)).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_role("link", name="digits-04", exact=True)).to_be_visible()
    # The list still has both selected: they move to a new experiment, and come back.
    page.locator("#tray-move").click()
    dialog = page.get_by_role("dialog", name="Move 2 runs")
    dialog.get_by_label("Experiment").fill("digits-moved")
    expect(dialog).to_contain_text("The experiment digits-moved will be created.")
    dialog.get_by_role("button", name="Move 2 runs").click()
    expect(page.get_by_text("2 runs moved")).to_be_visible()
    expect(page.get_by_role("link", name="digits-04", exact=True)).to_have_count(0)
    page.keyboard.press("z")
    # Rows that come are shown on request, so that none moves under the mouse.
    page.get_by_role("button", name="The list has changed").click()
    expect(page.get_by_role("link", name="digits-04", exact=True)).to_be_visible()
