"""Columns of the run list in a browser: by mouse, by keyboard, without a script."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

DIGITS = "/w/default/experiments/digits/"
COLUMNS = "?columns=name,status,created,duration"


def heads(page: Page) -> Locator:
    return page.locator("#run-table th[data-column]")


def columns_of(page: Page) -> str:
    found = re.search(r"[?&]columns=([^&]*)", page.url)
    return found[1] if found else ""


def open_dialog(page: Page) -> Locator:
    page.get_by_role("link", name="Edit columns").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    return dialog


def drag(page: Page, what: Locator, to: Locator) -> None:
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, (start["y"] + end["y"]) / 2, steps=3)
    page.mouse.move(end["x"] + 8, end["y"] + 6, steps=3)
    page.mouse.up()


def test_columns_are_found_picked_moved_and_removed_by_mouse(runs_page: Page) -> None:
    runs_page.goto(DIGITS + COLUMNS)
    dialog = open_dialog(runs_page)
    dialog.get_by_role("searchbox").fill("loss")
    expect(dialog.get_by_text("No other field contains “loss”")).to_be_visible()
    dialog.get_by_role("checkbox", name="val/loss last").check()
    dialog.get_by_role("button", name="Remove Duration").click()
    items = dialog.locator("#column-shown li")
    drag(runs_page, items.nth(3).locator(".grip"), items.nth(1))
    expect(items).to_have_text(["Display name", "val/loss", "Status", "Submitted"])
    dialog.get_by_role("button", name="Show 4 columns").click()
    expect(heads(runs_page)).to_have_count(4)
    expect(heads(runs_page).nth(1)).to_contain_text("val/loss")
    assert columns_of(runs_page) == "name,metrics.val/loss,status,created"
    runs_page.go_back()
    expect(heads(runs_page).nth(3)).to_contain_text("Duration")


def test_columns_are_moved_by_keyboard_and_the_move_is_announced(
    runs_page: Page,
) -> None:
    runs_page.goto(DIGITS + COLUMNS)
    runs_page.get_by_role("link", name="Edit columns").press("Enter")
    dialog = runs_page.get_by_role("dialog")
    said = dialog.locator("#column-said")
    grip = dialog.get_by_role("button", name="Move Duration", exact=True)
    grip.press("Space")
    expect(said).to_have_text("Duration grabbed, position 4 of 4.")
    grip.press("ArrowUp")
    grip.press("ArrowUp")
    grip.press("ArrowUp")
    expect(said).to_have_text("Duration, position 2 of 4.")
    grip.press("Escape")
    expect(said).to_have_text("Duration restored at position 4 of 4.")
    expect(dialog).to_be_visible()
    grip.press("Space")
    grip.press("ArrowUp")
    grip.press("Space")
    expect(said).to_have_text("Duration dropped at position 3 of 4.")
    dialog.get_by_role("button", name="Show 4 columns").press("Enter")
    expect(heads(runs_page).nth(2)).to_contain_text("Duration")
    assert columns_of(runs_page) == "name,status,duration,created"


def test_the_default_columns_are_not_in_the_address(runs_page: Page) -> None:
    runs_page.goto(DIGITS + COLUMNS)
    dialog = open_dialog(runs_page)
    dialog.get_by_role("link", name="Reset columns").click()
    dialog.get_by_role("button", name=re.compile("^Show")).click()
    expect(heads(runs_page).filter(has_text="val/loss")).to_have_count(1)
    assert "columns" not in runs_page.url
    dialog = open_dialog(runs_page)
    runs_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_columns_are_edited_without_a_script(plain_page: Page) -> None:
    plain_page.goto(DIGITS + COLUMNS)
    plain_page.get_by_role("link", name="Edit columns").click()
    plain_page.get_by_role("button", name="Move Submitted up").click()
    plain_page.get_by_role("searchbox").fill("epochs")
    plain_page.get_by_role("searchbox").press("Enter")
    plain_page.get_by_role("checkbox", name="epochs in 46 runs").check()
    plain_page.get_by_role("button", name=re.compile("^Show")).click()
    expect(heads(plain_page)).to_have_count(5)
    assert columns_of(plain_page) == "name,created,status,duration,params.epochs"


def test_a_width_is_dragged_or_typed_and_stays_in_the_address(runs_page: Page) -> None:
    runs_page.goto(DIGITS + COLUMNS)
    edge = runs_page.get_by_role("separator", name="Width of Display name")
    box = edge.bounding_box()
    assert box is not None
    head = heads(runs_page).first
    before = head.evaluate("head => head.offsetWidth")
    runs_page.mouse.move(box["x"] + 3, box["y"] + 5)
    runs_page.mouse.down()
    runs_page.mouse.move(box["x"] + 63, box["y"] + 5, steps=4)
    runs_page.mouse.up()
    wide = before + 60
    expect(runs_page).to_have_url(
        re.compile(f"columns=name:{wide},status,created,duration$")
    )
    expect(edge).to_have_attribute("aria-valuenow", str(wide))
    expect(heads(runs_page).nth(1).locator("a").first).to_have_attribute(
        "href", re.compile(f"name:{wide}")
    )
    edge.press("ArrowLeft")
    edge.press("ArrowLeft")
    expect(heads(runs_page).nth(1).locator("a").first).to_have_attribute(
        "href", re.compile(f"name:{wide - 20},")
    )
    expect(edge).to_be_focused()
    runs_page.reload()
    assert head.evaluate("head => head.offsetWidth") == wide - 20


def test_a_column_menu_sets_a_goal_and_removes_a_column(runs_page: Page) -> None:
    runs_page.goto(
        f"{DIGITS}?columns=name,metrics.acc,target&rows=25&sort=-metrics.acc"
    )
    head = heads(runs_page).nth(1)
    head.hover()
    head.get_by_role("link", name="Options of column acc").click()
    menu = runs_page.locator("#column-menu")
    menu.get_by_role("button", name="Higher is better").click()
    expect(runs_page.locator("td.best")).to_have_text(re.compile("0.96"))
    expect(runs_page.locator("#toasts")).to_contain_text("acc: higher is better")
    expect(head.get_by_role("link", name="Options of column acc")).to_be_focused()
    more = runs_page.get_by_role("link", name="Options of column Compute target")
    more.press("Enter")
    expect(menu.locator(".menu-item").first).to_be_focused()
    runs_page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    more.press("Enter")
    menu.get_by_role("link", name="Remove the column").press("Enter")
    expect(heads(runs_page)).to_have_count(2)


def test_only_differences_is_a_switch(runs_page: Page) -> None:
    runs_page.goto(f"{DIGITS}?columns=name,script,target,experiment")
    runs_page.get_by_role("switch", name="Only differences").press("Space")
    expect(heads(runs_page)).to_have_count(2)
    expect(runs_page.get_by_text("2 columns have the same value")).to_be_visible()
    assert "differs=1" in runs_page.url
    assert columns_of(runs_page) == "name,script,target,experiment"


def test_on_a_phone_the_column_dialog_is_full_width(phone_page: Page) -> None:
    phone_page.goto("/w/default/list/columns/")
    width = phone_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    expect(phone_page.get_by_role("button", name=re.compile("^Show"))).to_be_visible()
