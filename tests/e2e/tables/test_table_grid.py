"""The grid of a table in a real browser: sort, brush, columns, without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_run_page import Writer
from tests.parts.server import Server

ROWS = "".join(f"img_{n:03d}.png,{n / 100},{n % 3}\n" for n in range(100))


@pytest.fixture
def address(server: Server) -> str:
    run = Writer(server)
    run.keep("outputs/per_image.csv", f"image,dice,fold\n{ROWS}".encode())
    return f"{run.page}files/?path=outputs/per_image.csv"


def test_a_range_drawn_on_a_histogram_is_a_filter(
    address: str, owner_page: Page
) -> None:
    owner_page.goto(f"{address}&sort=-dice")
    box = owner_page.locator("th[data-column=dice] .histogram").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    owner_page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    owner_page.mouse.down()
    owner_page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    owner_page.mouse.up()
    pill = owner_page.locator(".grid-tools .pill")
    expect(pill).to_have_text(re.compile(r"dice: 0\.2\d* – 0\.7\d*"))
    expect(owner_page).to_have_url(re.compile(r"min\.dice=0\.2.*sort=-dice|sort=-dice"))
    pill.locator(".remove").click()
    expect(owner_page.locator(".grid-count")).to_have_text("100 rows")


def test_a_click_on_a_head_sorts_without_a_new_page(
    address: str, owner_page: Page
) -> None:
    owner_page.goto(address)
    owner_page.evaluate("window.isSamePage = true")
    owner_page.locator("th[data-column=dice] .grid-name a").first.click()
    owner_page.locator("th[aria-sort=ascending]").wait_for()
    owner_page.locator("th[data-column=dice] .grid-name a").first.click()
    expect(owner_page.locator(".grid tbody tr td").nth(1)).to_have_text("img_099.png")
    assert owner_page.evaluate("window.isSamePage")
    owner_page.go_back()
    expect(owner_page.locator(".grid tbody tr td").nth(1)).to_have_text("img_000.png")


def test_columns_are_found_and_chosen(address: str, owner_page: Page) -> None:
    owner_page.goto(address)
    owner_page.locator(".grid-columns summary").click()
    owner_page.get_by_placeholder("Find a column").fill("fol")
    expect(owner_page.locator(".grid-choices .menu-item:visible")).to_have_count(1)
    owner_page.get_by_placeholder("Find a column").fill("")
    owner_page.locator(".grid-choices input[value=dice]").uncheck()
    owner_page.get_by_role("button", name="Show columns").click()
    expect(owner_page.locator("th[data-column]")).to_have_count(2)


def test_a_grid_works_without_a_script(
    address: str, owner_page: Page, browser: Browser
) -> None:
    state = owner_page.context.storage_state()
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}&edit=dice")
    page.get_by_label("From").fill("0.9")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".grid-count")).to_have_text("10 of 100 rows")
    context.close()
