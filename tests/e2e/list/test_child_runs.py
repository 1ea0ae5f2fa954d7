"""The run page's tab Child runs in a browser: whatever is done there stays there."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

TAB = "/w/default/runs/sweep/children/"
IN_TAB = re.compile(re.escape(TAB))
COLUMNS = "?columns=name,status,metrics.acc"


def test_the_child_runs_tab_works_by_mouse_and_stays_open(runs_page: Page) -> None:
    page = runs_page
    page.goto("/w/default/runs/sweep/")
    page.get_by_role("navigation", name="Run").get_by_text("Child runs").click()
    rows = page.locator("#run-table tr[data-row]")
    expect(rows).to_have_count(6)
    page.goto(TAB + COLUMNS)
    expect(rows).to_have_count(6)
    head = page.locator("th[data-column='metrics.acc']")
    head.get_by_role("link").first.click()
    expect(rows.first).to_contain_text("sweep-6")
    page.get_by_role("link", name="Edit columns").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove Status").click()
    dialog.get_by_role("button", name="Show 2 columns").click()
    expect(page.locator("#run-table th[data-column]")).to_have_count(2)
    expect(page).to_have_url(IN_TAB)
    page.go_back()
    expect(page.locator("#run-table th[data-column]")).to_have_count(3)
    expect(page).to_have_url(IN_TAB)
    page.locator("#add-chart").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Field 1", exact=True).fill("acc")
    dialog.get_by_role("button", name="Add chart").click()
    expect(page).to_have_url(re.compile(f"{re.escape(TAB)}.*charts="))
    expect(rows).to_have_count(6)
    page.get_by_role("checkbox", name="Select sweep-2", exact=True).click()
    expect(page).to_have_url(re.compile(f"{re.escape(TAB)}.*selected="))
    expect(page.locator(".tabs [aria-current]")).to_contain_text("Child runs")


def test_the_child_runs_tab_works_by_keyboard_and_stays_open(runs_page: Page) -> None:
    page = runs_page
    page.goto(TAB + COLUMNS)
    rows = page.locator("#run-table tr[data-row]")
    box = page.locator("#q")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    box.press("End")
    box.press_sequentially(" status:failed")
    box.press("Enter")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(IN_TAB)
    page.go_back()
    expect(rows).to_have_count(6)
    page.locator("#facets-toggle").press("Enter")
    expect(page.locator("#facets")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{re.escape(TAB)}.*facets=1"))
    page.get_by_role("link", name="Edit columns").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Show 3 columns").press(
        "Enter"
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(IN_TAB)
