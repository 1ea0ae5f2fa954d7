"""Child runs open under their parents: by mouse, by keyboard, and without scripts."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

TREE = "/w/default/runs/?q=experiment:sweeps"


def names(page: Page) -> list[str]:
    return page.locator("[data-row-link]").all_inner_texts()


def test_a_parent_opens_and_stays_open_by_mouse(runs_page: Page) -> None:
    runs_page.goto(TREE)
    runs_page.get_by_text("Include child runs").click()
    chevron = runs_page.get_by_role("link", name="Child runs of sweep", exact=True)
    chevron.click()
    child = runs_page.get_by_role("link", name="sweep-1", exact=True)
    expect(child).to_be_visible()
    expect(runs_page).to_have_url(re.compile("tree=sweep"))
    expect(chevron).to_have_attribute("aria-expanded", "true")
    runs_page.locator("th").get_by_role("link", name="Display name").first.click()
    expect(runs_page).to_have_url(re.compile("sort=name"))
    expect(child).to_be_visible()
    runs_page.reload()
    expect(child).to_be_visible()
    runs_page.go_back()
    expect(child).to_be_visible()
    chevron.click()
    expect(child).to_have_count(0)
    expect(runs_page).not_to_have_url(re.compile("tree="))


def test_a_parent_opens_by_keyboard_and_keeps_the_focus(runs_page: Page) -> None:
    runs_page.goto(TREE + "&children=1")
    chevron = runs_page.get_by_role("link", name="Child runs of sweep", exact=True)
    chevron.focus()
    runs_page.keyboard.press("Enter")
    expect(chevron).to_have_attribute("aria-expanded", "true")
    expect(chevron).to_be_focused()
    runs_page.keyboard.press("Enter")
    expect(chevron).to_have_attribute("aria-expanded", "false")


def test_a_matching_child_shows_its_parent(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/?q=name%3Dsweep-2&children=1")
    assert names(runs_page) == ["sweep", "sweep-2"]
    expect(runs_page.locator("tr.path")).to_have_count(1)
    match = runs_page.get_by_role("link", name="sweep-2", exact=True)
    chevron = runs_page.get_by_role("link", name="Child runs of sweep", exact=True)
    chevron.click()
    expect(match).to_have_count(0)
    chevron.click()
    expect(match).to_be_visible()
    runs_page.get_by_text("Flat", exact=True).click()
    expect(runs_page).to_have_url(re.compile("flat=1"))
    assert names(runs_page) == ["sweep-2"]


def test_parents_open_without_scripts(plain_page: Page) -> None:
    plain_page.goto(TREE + "&children=1")
    plain_page.get_by_role("link", name="Child runs of sweep", exact=True).click()
    expect(plain_page.get_by_role("link", name="sweep-6", exact=True)).to_be_visible()


def test_children_are_indented_on_a_phone(phone_page: Page) -> None:
    phone_page.goto(TREE + "&children=1&tree=sweep")
    places = [
        phone_page.locator(f"tr.depth-{depth} .state").first.bounding_box()
        for depth in (0, 1)
    ]
    above, below = (place["x"] for place in places if place)
    assert below == above + 20
