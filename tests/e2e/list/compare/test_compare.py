"""Runs side by side in a browser: by mouse, by keyboard, without a script."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.parts.server import Server
from tests.parts.wire import Connection

#: How far a difference reaches beyond its cell, in pixels.
HIDDEN = """all => all.map((delta) => {
  const cell = delta.closest("td");
  const end = (box) => box.getBoundingClientRect().right;
  return end(delta) - end(cell) + parseFloat(getComputedStyle(cell).paddingRight);
})"""
COMPARE = "/w/default/compare/?run=digits-01&run=digits-02"


def cell(page: Page, row: str, column: int) -> Locator:
    head = page.get_by_role("rowheader", name=row)
    return page.locator("table.compare tr", has=head).locator("td").nth(column)


def heads(page: Page) -> Locator:
    return page.locator("table.compare thead .run-name")


def test_runs_are_compared_by_mouse(runs_page: Page) -> None:
    page = runs_page
    page.goto(COMPARE)
    expect(heads(page)).to_have_text(["digits-01", "digits-02"])
    expect(cell(page, "acc", 1)).to_contain_text("+0.01")
    page.locator("#compare-add summary").click()
    page.get_by_role("combobox", name="Find a run to add").fill("digits-04")
    page.get_by_role("option", name=re.compile("digits-04")).click()
    expect(heads(page)).to_have_count(3)
    assert page.url.endswith("run=digits-01&run=digits-02&run=digits-04")
    page.get_by_role("link", name="Set as baseline").last.click()
    expect(cell(page, "acc", 0)).to_contain_text("−0.03")
    page.get_by_text("Only differences").click()
    expect(page.get_by_role("rowheader", name="Script")).to_be_visible()
    page.locator("#fold-params").click()
    expect(page.get_by_role("rowheader", name="epochs")).to_have_count(0)
    page.get_by_role("link", name="Remove digits-02 from the comparison").click()
    expect(heads(page)).to_have_text(["digits-01", "digits-04"])
    page.go_back()
    expect(heads(page)).to_have_count(3)
    page.locator("#edit-conclusion").click()
    page.get_by_role("textbox", name="Description in Markdown").fill("Four **wins**")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#compare-conclusion strong")).to_have_text("wins")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#compare-conclusion")).to_contain_text("No conclusion yet")


def test_differences_are_readable_in_narrow_columns(
    runs_page: Page, list_server: Server
) -> None:
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "narrow"})
    for at, value in enumerate([0.0167, 0.2731, 0.5459, 0.9548, 0.0083]):
        run = {"id": f"narrow-{at}", "name": f"narrow {at}", "experiment": "narrow"}
        link.rest("POST", "/runs", run)
        points = [{"key": "acc", "value": value, "step": 0}]
        batch = {"writer": "w", "sequence": 1, "points": points}
        link.rest("POST", f"/runs/narrow-{at}/metrics", batch)
    asked = "&".join(f"run=narrow-{at}" for at in range(5))
    runs_page.goto(f"/w/default/compare/?{asked}&charts=none")
    expect(cell(runs_page, "acc", 1)).to_contain_text("+1,535 %")
    hidden = runs_page.locator(".delta").evaluate_all(HIDDEN)
    assert max(hidden) <= 0
    link.rest("DELETE", f"/experiments/{made['id']}")


def test_runs_are_compared_by_keyboard(runs_page: Page) -> None:
    page = runs_page
    page.goto("/w/default/runs/digits-01/")
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("Compare 1 run")
    page.locator("#compare-add summary").press("Enter")
    box = page.get_by_role("combobox", name="Find a run to add")
    expect(box).to_be_focused()
    box.press_sequentially('id = "digits-02"')
    expect(page.locator("#compare-offer [role=option]")).to_have_count(1)
    box.press("ArrowDown")
    box.press("Enter")
    expect(heads(page)).to_have_text(["digits-01", "digits-02"])
    page.keyboard.press("/")
    page.keyboard.type("loss")
    expect(page.get_by_role("rowheader", name="epochs")).to_have_count(0)
    expect(page.locator("#find-row")).to_be_focused()
    expect(page.locator("#find-row")).to_have_value("loss")
    expect(cell(page, "val/loss", 0)).to_be_visible()
    page.locator("#add-chart").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Field 1", exact=True).fill("acc")
    page.evaluate("window.isOld = true")
    dialog.get_by_role("button", name="Add chart").press("Enter")
    expect(page.locator(".chart").last).to_contain_text("acc")
    expect(page.locator("#add-chart")).to_be_focused()
    page.get_by_role("link", name="Edit chart").first.press("Enter")
    dialog.get_by_role("button", name="Change chart").press("Enter")
    expect(page.locator(".chart summary").first).to_be_focused()
    assert page.evaluate("window.isOld"), "the page was loaded again"
    page.get_by_role("link", name="Set as baseline").press("Enter")
    expect(cell(page, "val/loss", 0).locator(".delta")).to_be_visible()
    expect(page.get_by_role("link", name="digits-02", exact=True)).to_be_focused()
    page.get_by_role("link", name="Remove digits-01 from the comparison").press("Enter")
    expect(heads(page)).to_have_text(["digits-02"])
    last = page.get_by_role("link", name="Remove digits-02 from the comparison")
    expect(last).to_be_focused()
    last.press("Enter")
    expect(page.locator("#compare-add summary")).to_be_focused()


def test_selected_runs_are_compared_and_a_list_is_exported(runs_page: Page) -> None:
    page = runs_page
    page.goto("/w/default/experiments/digits/?q=digits-01+or+digits-02")
    expect(page.locator("[data-pick]")).to_have_count(2)
    page.locator("#export summary").click()
    with page.expect_download() as saved:
        page.locator("#export").get_by_role("link", name="CSV").click()
    lines = Path(saved.value.path()).read_text().splitlines()
    assert saved.value.suggested_filename == "digits.csv"
    assert [line.partition(",")[0] for line in lines] == [
        "id",
        "digits-02",
        "digits-01",
    ]
    for box in page.locator("[data-pick]").all():
        box.click()
    expect(page.locator("#tray-compare[href]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("Compare 2 runs")


def test_runs_are_compared_without_scripts(plain_page: Page) -> None:
    page = plain_page
    page.goto(COMPARE)
    page.locator("#t-differs").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("rowheader", name="Script")).to_be_visible()
    page.locator("#compare-add summary").click()
    page.locator("#add-box").fill("digits-03")
    page.get_by_role("button", name="Find").click()
    expect(heads(page)).to_have_count(3)
