"""Editing on the run page in a real browser: by hand, by key, and without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.parts.browser import Watch, new_context
from tests.parts.remote import Remote
from tests.parts.server import Server


@pytest.fixture
def run(server: Server) -> Remote:
    return Remote(server)


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def open_name(page: Page, run: Remote) -> Locator:
    """Open the run's page and the box of its display name."""
    page.goto(run.page)
    page.keyboard.press("e")
    box = page.get_by_role("textbox", name="Display name")
    expect(box).to_be_focused()
    return box


def test_a_name_is_edited_in_place_and_undone(run: Remote, owner_page: Page) -> None:
    box = open_name(owner_page, run)
    owner_page.keyboard.type("lr 0.05")
    expect(box).to_have_value("lr 0.05")
    owner_page.keyboard.press("Escape")
    expect(heading(owner_page)).to_have_text(run.name)
    # The page would refresh no more while something seemed to be under way.
    expect(owner_page.locator(".htmx-request")).to_have_count(0)
    owner_page.get_by_role("link", name="Rename").click()
    expect(box).to_be_focused()
    owner_page.keyboard.type("lr 0.05")
    owner_page.keyboard.press("Enter")
    expect(heading(owner_page)).to_have_text("lr 0.05")
    toast = owner_page.locator(".toast")
    expect(toast).to_contain_text("Renamed")
    toast.get_by_role("button", name="Undo").click()
    expect(heading(owner_page)).to_have_text(run.name)
    expect(toast).to_contain_text("Undone")
    owner_page.keyboard.press("z")
    expect(heading(owner_page)).to_have_text("lr 0.05")


def test_a_name_changed_by_someone_else_is_shown(
    run: Remote, owner_page: Page, watch: Watch
) -> None:
    watch.expect("status of 422")
    box = open_name(owner_page, run)
    run.rename("theirs")
    box.fill("mine")
    box.press("Enter")
    expect(owner_page.get_by_role("alert")).to_contain_text("theirs")
    expect(box).to_have_value("mine")
    box.press("Enter")
    expect(heading(owner_page)).to_have_text("mine")
    run.rename("theirs again")
    owner_page.keyboard.press("z")
    dialog = owner_page.get_by_role("dialog")
    expect(dialog).to_contain_text("theirs again")
    dialog.get_by_role("button", name="Undo anyway").click()
    expect(heading(owner_page)).to_have_text("theirs")


def test_a_closed_dialog_stays_closed(
    run: Remote, owner_page: Page, watch: Watch
) -> None:
    watch.expect("status of 422")
    box = open_name(owner_page, run)
    box.fill("mine")
    box.press("Enter")
    expect(heading(owner_page)).to_have_text("mine")
    run.rename("theirs")
    dialog = owner_page.get_by_role("dialog")
    for _again in range(2):
        owner_page.keyboard.press("z")
        expect(dialog).to_contain_text("theirs")
        owner_page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        owner_page.keyboard.press("e")
        expect(box).to_be_focused()
        assert owner_page.locator("dialog[open]").count() == 0
        box.press("Escape")


def test_closing_a_menu_dialog_returns_the_focus(run: Remote, owner_page: Page) -> None:
    owner_page.goto(run.page)
    more = owner_page.locator("#run-toolbar").get_by_label("More")
    more.click()
    owner_page.get_by_role("link", name="Mark as completed or failed").click()
    dialog = owner_page.get_by_role("dialog")
    expect(dialog).to_contain_text("End run")
    owner_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(more).to_be_focused()


def test_tags_are_added_edited_and_removed(run: Remote, owner_page: Page) -> None:
    run.tag("seed", "1")
    owner_page.goto(run.page)
    card = owner_page.locator("#run-tags-card")
    add = card.get_by_role("link", name="Add tag")
    box = card.get_by_label("New tag")
    add.click()
    expect(box).to_be_focused()
    box.press("Escape")
    expect(box).to_have_count(0)
    expect(add).to_be_focused()
    owner_page.keyboard.press("t")
    expect(box).to_be_focused()
    expect(card.locator("option[value=seed]")).to_be_attached()
    box.press_sequentially("seed:")
    expect(card.locator("option[value='seed: 1']")).to_be_attached()
    box.fill("model: resnet50")
    box.press("Enter")
    expect(card.locator(".chip", has_text="model:")).to_contain_text("resnet50")
    expect(add).to_be_focused()
    card.get_by_label("Edit tag seed").click()
    value = card.get_by_label("seed:")
    expect(value).to_be_focused()
    owner_page.evaluate("window.stayed = true")
    value.press("Escape")
    pencil = card.get_by_label("Edit tag seed")
    expect(pencil).to_be_focused()
    expect(card.get_by_label("seed:")).to_have_count(0)
    card.get_by_label("Edit tag model").click()
    expect(card.get_by_label("model:")).to_be_focused()
    pencil.click()
    expect(value).to_be_focused()
    value.press("Escape")
    expect(pencil).to_be_focused()
    assert owner_page.evaluate("window.stayed")
    pencil.click()
    value.fill("2")
    value.press("Enter")
    expect(card.locator(".chip", has_text="seed:")).to_contain_text("2")
    card.get_by_label("Remove the tag model").click()
    expect(card.locator(".chip")).to_have_count(1)
    owner_page.get_by_role("button", name="Undo").last.click()
    expect(card.locator(".chip")).to_have_count(2)


def test_a_description_is_written_previewed_and_saved(
    run: Remote, owner_page: Page
) -> None:
    owner_page.goto(run.page)
    card = owner_page.locator("#run-description")
    card.get_by_role("link", name="Edit").click()
    text = card.get_by_label("Description in Markdown")
    expect(text).to_be_focused()
    text.press_sequentially("good")
    text.press("Control+a")
    card.get_by_role("button", name="Bold").click()
    expect(text).to_have_value("**good**")
    expect(card.locator("[data-bytes]")).to_have_text("8")
    card.get_by_role("button", name="Preview").click()
    expect(card.locator(".prose strong")).to_have_text("good")
    expect(text).to_be_hidden()
    card.get_by_role("button", name="Write").click()
    kept = card.locator("[data-kept]")
    expect(kept).to_have_text(re.compile(r"Draft saved at \d\d:\d\d\."))
    owner_page.reload()
    card.get_by_role("link", name="Edit").click()
    expect(text).to_have_value("**good**")
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".card-body strong")).to_have_text("good")
    card.get_by_role("link", name="Edit").click()
    expect(text).to_have_value("**good**")
    expect(card.get_by_text("Discard draft")).to_be_hidden()


def test_neither_of_two_editors_loses_text(
    run: Remote, owner_page: Page, watch: Watch
) -> None:
    watch.expect("status of 422")
    owner_page.goto(run.page)
    card = owner_page.locator("#run-description")
    card.get_by_role("link", name="Edit").click()
    text = card.get_by_label("Description in Markdown")
    text.fill("mine")
    run.tag("mlflow.note.content", "theirs")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_label("Other version")).to_have_text("theirs")
    expect(text).to_have_value("mine")
    text.fill("theirs and mine")
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".prose")).to_have_text("theirs and mine")


def test_an_open_editor_survives_the_refresh(run: Remote, owner_page: Page) -> None:
    owner_page.goto(run.page)
    owner_page.keyboard.press("e")
    box = owner_page.get_by_role("textbox", name="Display name")
    box.fill("half a na")
    owner_page.locator("h2").first.click()
    run.call("runs/update", {"status": "FINISHED", "end_time": 9})
    expect(owner_page.locator("#run-state")).to_contain_text(
        "Completed", timeout=15_000
    )
    expect(box).to_have_value("half a na")


def test_a_change_is_undone_from_the_history(run: Remote, owner_page: Page) -> None:
    run.rename("by a script")
    owner_page.goto(run.page)
    owner_page.get_by_role("link", name="History").click()
    entry = owner_page.locator(".timeline > li", has_text="by a script")
    expect(entry).to_contain_text("Renamed")
    entry.get_by_role("button", name="Undo").click()
    expect(heading(owner_page)).to_have_text(run.name)
    expect(owner_page.locator(".timeline > li").first).to_contain_text("Undone")


def test_every_editor_works_without_scripts(
    browser: Browser, run: Remote, owner_state: StorageState
) -> None:
    context = new_context(browser, Watch(), state=owner_state, scripts=False)
    page = context.new_page()
    page.goto(run.page)
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Display name").fill("plain")
    page.get_by_role("button", name="Save").click()
    expect(heading(page)).to_have_text("plain")
    page.get_by_role("button", name="Undo").click()
    expect(heading(page)).to_have_text(run.name)
    page.get_by_role("link", name="Add tag").click()
    page.get_by_label("New tag").fill("seed: 1")
    page.locator("#tag-box").get_by_role("button", name="Save").click()
    page.get_by_label("Edit tag seed").click()
    page.get_by_label("seed:").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".chip")).to_contain_text("2")
    page.get_by_label("Remove the tag seed").click()
    expect(page.locator(".chip")).to_have_count(0)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Description in Markdown").fill("**plain**")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".prose strong")).to_have_text("plain")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".prose strong")).to_have_text("plain")
    context.close()


def test_a_color_is_pinned_and_undone(run: Remote, owner_page: Page) -> None:
    owner_page.goto(run.page)
    menu = owner_page.locator("#run-color")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Color 4", exact=True).click()
    expect(menu.locator("summary .series-4")).to_be_visible()
    toast = owner_page.locator("#toasts")
    expect(toast).to_contain_text("Color changed")
    owner_page.goto(run.page.replace(f"{run.id}/", f"?q=id:{run.id}"))
    box = owner_page.locator(".pick-box.pinned.series-4")
    expect(box).to_be_visible()
    box.click()
    expect(
        owner_page.locator('.pick-box.series-4[aria-checked="true"]')
    ).to_be_visible()
    owner_page.goto(run.page)
    menu.locator("summary").click()
    menu.get_by_role("button", name="No color of its own").click()
    expect(menu.locator('summary [class*="series-"]')).to_have_count(0)
    toast.get_by_role("button", name="Undo").click()
    expect(menu.locator("summary .series-4")).to_be_visible()
