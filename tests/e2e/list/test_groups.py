"""The list in groups: chosen, opened, ordered and copied, by mouse and by keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

LIST = "/w/default/runs/?q=experiment:digits&columns=name,metrics.acc"


def test_runs_are_grouped_opened_and_copied_by_mouse(runs_page: Page) -> None:
    page = runs_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(LIST)
    page.get_by_role("link", name="Group by").click()
    page.locator("#pill-editor").get_by_role("link", name=re.compile("^model")).click()
    expect(page.get_by_role("heading", name="Grouped by tags.model")).to_be_visible()
    expect(page).to_have_url(re.compile("group=tags.model"))
    groups = page.locator(".group-row")
    expect(groups).to_have_count(5)
    expect(groups.first).to_contain_text("resnet50")
    page.get_by_role("link", name="Runs of tags.model: resnet18").click()
    members = page.locator("[data-row-link]")
    expect(members).to_have_count(10)
    page.locator("[data-pick]").first.click()
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    page.locator(".group-table th").get_by_label("Sort groups by acc").click()
    page.get_by_role("link", name="Max").click()
    expect(page).to_have_url(re.compile("by%3D-max:metrics.acc"))
    expect(members).to_have_count(10)
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    page.get_by_text("Copy as").click()
    page.get_by_role("link", name="LaTeX").click()
    expect(page.locator("#toasts")).to_contain_text("Copied as LaTeX")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("\\begin{tabular}{lrr}")
    assert "resnet50 & $20$ &" in copied
    page.locator(".group-row a.value").first.click()
    expect(page.locator(".group-row")).to_have_count(0)
    expect(page.locator("tr.chosen, [data-row-link]").first).to_be_visible()


def test_runs_are_grouped_by_keyboard(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    page.get_by_role("link", name="Group by").focus()
    page.keyboard.press("Enter")
    find = page.get_by_role("searchbox", name="Find a field to group by")
    expect(find).to_be_focused()
    page.keyboard.type("stat")
    expect(page.locator("#pill-editor .group-field")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Grouped by Status")).to_be_visible()
    toggle = page.get_by_role("link", name="Runs of status: Completed")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(toggle).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]").first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")


def test_groups_work_without_scripts(plain_page: Page) -> None:
    page = plain_page
    page.goto(LIST)
    page.get_by_role("link", name="Group by").click()
    page.get_by_role("link", name=re.compile("^model")).click()
    expect(page.locator(".group-row")).to_have_count(5)
    page.get_by_role("link", name="Show the runs").click()
    expect(page.locator(".group-row")).to_have_count(0)
