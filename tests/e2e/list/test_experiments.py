"""All experiments, by mouse, by keyboard and without a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.parts.server import Server
from tests.parts.wire import Connection

ALL = "/w/default/experiments/"


@pytest.fixture(scope="module")
def archived(list_server: Server) -> Iterator[str]:
    """The name of an archived experiment."""
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "old digits"})
    link.rest("PATCH", f"/experiments/{made['id']}", {"archived": True})
    yield "old digits"
    link.rest("DELETE", f"/experiments/{made['id']}")


def names(page: Page) -> Locator:
    return page.locator("[data-row-link]")


def head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name, exact=True)


def settle(page: Page) -> None:
    """A key that is quicker than htmx would send the form as without a script."""
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)


def test_experiments_are_found_sorted_and_starred_by_mouse(
    runs_page: Page, archived: str
) -> None:
    runs_page.goto(ALL)
    head(runs_page, "Experiment").get_by_role("link").click()
    expect(head(runs_page, "Experiment")).to_have_attribute("aria-sort", "ascending")
    expect(names(runs_page).first).to_have_text("/Shared/yolo v8")
    line = runs_page.locator("tr", has_text="digits-46")
    line.get_by_role("button", name="Star").click()
    expect(line.get_by_role("button", name="Remove the star")).to_be_focused()
    settle(runs_page)
    line.get_by_role("button", name="Remove the star").click()
    expect(line.get_by_role("button", name="Star", exact=True)).to_be_visible()
    runs_page.locator("#q").fill("digits")
    expect(names(runs_page)).to_have_text(["digits"])
    assert runs_page.url.endswith(f"{ALL}?q=digits&sort=name")
    runs_page.get_by_role("switch", name="Show archived").click()
    expect(names(runs_page)).to_have_text(["digits", archived])
    assert runs_page.url.endswith(f"{ALL}?q=digits&sort=name&archived=1")
    line.get_by_title("Failed: 6").click()
    expect(names(runs_page)).to_have_count(6)
    assert runs_page.url.endswith("/digits/?q=status+%3D+Failed&children=1")


def test_the_box_shows_the_filter_of_a_link(runs_page: Page, archived: str) -> None:
    runs_page.goto(ALL)
    line = runs_page.locator("tr", has_text="digits-46")
    who = line.locator(".who a")
    who.press("Enter")
    expect(runs_page.locator("#q")).to_have_value(f"submitter:{who.inner_text()}")
    expect(names(runs_page).first).to_be_focused()
    settle(runs_page)
    asked = runs_page.url
    archive = runs_page.get_by_role("switch", name="Show archived")
    archive.check()
    runs_page.wait_for_url(f"{asked}&archived=1")
    runs_page.go_back()
    # The address changes at once, the page after it has loaded again.
    expect(archive).not_to_be_checked()
    assert runs_page.url == asked
    runs_page.go_back()
    expect(runs_page.locator("#q")).to_have_value("")


def test_the_experiment_list_works_by_keyboard(runs_page: Page) -> None:
    runs_page.goto(ALL)
    runs_page.keyboard.press("/")
    runs_page.keyboard.type("submitter:me sweeps")
    expect(names(runs_page)).to_have_text(["sweeps"])
    expect(runs_page.locator("#q")).to_be_focused()
    runs_page.locator("#q").fill("")
    expect(names(runs_page)).to_have_count(4)
    assert runs_page.url.endswith(ALL)
    head(runs_page, "Runs").get_by_role("link").press("Enter")
    expect(head(runs_page, "Runs")).to_have_attribute("aria-sort", "descending")
    expect(head(runs_page, "Runs").get_by_role("link")).to_be_focused()
    settle(runs_page)
    runs_page.keyboard.press("j")
    expect(names(runs_page).first).to_be_focused()
    expect(names(runs_page).first).to_have_text("digits")
    runs_page.keyboard.press("Shift+Tab")
    runs_page.keyboard.press("Space")
    pressed = runs_page.get_by_role("button", name="Remove the star")
    expect(pressed).to_be_focused()
    settle(runs_page)
    runs_page.keyboard.press("Space")
    star = runs_page.locator("tr", has_text="digits-46").locator(".star")
    expect(star).to_have_attribute("aria-pressed", "false")
    expect(star).to_be_focused()
    runs_page.keyboard.press("Tab")
    runs_page.keyboard.press("Enter")
    runs_page.wait_for_url("**/experiments/digits/")


def test_experiments_are_edited_in_their_rows_and_on_their_page(
    runs_page: Page, archived: str
) -> None:
    runs_page.goto(f"{ALL}?archived=1")
    line = runs_page.locator("tr", has_text=archived)
    line.locator("[data-row-link]").focus()
    runs_page.keyboard.press("e")
    expect(runs_page.locator("#row-editor-text")).to_be_focused()
    runs_page.locator("#row-editor-text").fill("renamed")
    runs_page.keyboard.press("Enter")
    renamed = runs_page.locator("tr", has_text="renamed")
    expect(renamed.locator("[data-row-link]")).to_have_text("renamed")
    settle(runs_page)
    runs_page.locator("body").press("z")
    expect(line.locator("[data-row-link]")).to_have_text(archived)
    settle(runs_page)
    line.locator("summary").click()
    line.get_by_role("button", name="Delete").click()
    expect(line).to_have_count(0)
    runs_page.get_by_role("link", name="Trash").click()
    line.locator("summary").click()
    line.get_by_role("button", name="Restore").click()
    expect(line).to_have_count(0)
    runs_page.goto(f"{ALL}old%20digits/")
    runs_page.keyboard.press("e")
    expect(runs_page.locator("#experiment-name")).to_be_focused()
    runs_page.keyboard.press("Escape")
    expect(runs_page.locator("h1")).to_have_text(archived)
    runs_page.keyboard.press("t")
    expect(runs_page.locator("#tag-new")).to_be_focused()
    runs_page.keyboard.type("team: nlp")
    runs_page.keyboard.press("Enter")
    chip = runs_page.locator("#experiment-tags .chip", has_text="nlp")
    expect(chip).to_be_visible()
    runs_page.keyboard.press("z")
    expect(chip).to_have_count(0)
    runs_page.keyboard.press("e")
    expect(runs_page.locator("#experiment-name")).to_be_focused()
    runs_page.locator("#experiment-name").fill("new name")
    runs_page.keyboard.press("Enter")
    runs_page.wait_for_url("**/experiments/new%20name/")
    runs_page.keyboard.press("z")
    expect(runs_page.locator("h1")).to_have_text(archived)


def test_experiments_are_edited_without_a_script(
    plain_page: Page, archived: str
) -> None:
    plain_page.goto(f"{ALL}old%20digits/")
    plain_page.get_by_role("link", name="Add tag").click()
    plain_page.locator("#tag-new").fill("team: nlp")
    plain_page.get_by_role("button", name="Save").click()
    plain_page.get_by_role("button", name="Remove the tag team").click()
    plain_page.get_by_role("link", name="Rename", exact=True).click()
    plain_page.locator("#experiment-name").fill("plain name")
    plain_page.get_by_role("button", name="Save").click()
    plain_page.wait_for_url("**/experiments/plain%20name/")
    plain_page.locator("#toasts .undo").click()
    expect(plain_page.locator("h1")).to_have_text(archived)


def test_experiments_are_found_sorted_and_starred_without_a_script(
    plain_page: Page, archived: str
) -> None:
    plain_page.goto(ALL)
    plain_page.locator("#q").fill("digits")
    plain_page.get_by_role("switch", name="Show archived").check()
    plain_page.get_by_role("button", name="Apply").click()
    head(plain_page, "Created").get_by_role("link").click()
    expect(names(plain_page)).to_have_text([archived, "digits"])
    assert plain_page.url.endswith(f"{ALL}?q=digits&sort=-created&archived=1")
    line = plain_page.locator("tr", has_text="digits-46")
    line.get_by_role("button", name="Star").click()
    line.get_by_role("button", name="Remove the star").click()
    expect(line.get_by_role("button", name="Star", exact=True)).to_be_visible()
    plain_page.locator("#q").fill("")
    plain_page.get_by_role("switch", name="Show archived").uncheck()
    plain_page.get_by_role("button", name="Apply").click()
    assert plain_page.url.endswith(f"{ALL}?sort=-created")
