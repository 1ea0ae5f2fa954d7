"""Answers that overtake each other: the list shows what was asked for last."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.e2e.list.live.held import Held

LIST = "/w/default/experiments/digits/?rows=25&facets=0"


def of_list(request: Request) -> bool:
    """The list's own requests, those of boxes, and looks for news."""
    return request.headers.get("hx-request") == "true" and (
        "/experiments/digits/" in request.url or "/select/" in request.url
    )


def sort(page: Page) -> None:
    page.locator("th").get_by_role("link", name="Display name").first.click()


def select(page: Page) -> None:
    box(page, "digits-46").click()


def find(page: Page) -> None:
    page.locator("#q").fill("name like 'digits-0%'")
    page.locator("#q").press("Enter")


def look(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('online'))")


def refresh(page: Page) -> None:
    page.locator("#refresh").click()


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name}", exact=True)


def names(page: Page) -> Locator:
    return page.locator("[data-row-link]")


Act = Callable[[Page], None]
ORDERS = pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])


@ORDERS
@pytest.mark.parametrize("before", [find, look, refresh, select])
def test_a_sort_overrides_an_earlier_request(
    runs_page: Page, before: Act, order: tuple[int, int]
) -> None:
    page = runs_page
    page.goto(LIST)
    held = Held(page, of_list)
    before(page)
    held.wait(1)
    sort(page)
    held.wait(2)
    for route in [held.routes[at] for at in order]:
        held.answer(route)
    held.release()
    expect(names(page).first).to_have_text("digits-01")
    expect(page).to_have_url(re.compile("sort=name"))
    if before is select:
        expect(page.locator("#selection-bar")).to_contain_text("1 selected")
        expect(page).to_have_url(re.compile("sort=name.*selected=digits-46"))


@ORDERS
def test_a_sort_keeps_a_cleared_selection_cleared(
    runs_page: Page, order: tuple[int, int]
) -> None:
    page = runs_page
    page.goto(f"{LIST}&selected=digits-45,digits-46")
    held = Held(page, of_list)
    page.locator("#pick-none").click()
    held.wait(1)
    expect(box(page, "digits-46")).not_to_be_checked()
    sort(page)
    held.wait(2)
    for route in [held.routes[at] for at in order]:
        held.answer(route)
    held.release()
    expect(names(page).first).to_have_text("digits-01")
    expect(page.locator("#selection-bar")).to_have_count(0)
    assert "selected=" not in page.url


@pytest.mark.parametrize("after", [look, refresh, select])
def test_requests_for_the_same_list_wait_for_the_sort(
    runs_page: Page, after: Act
) -> None:
    page = runs_page
    page.goto(LIST)
    held = Held(page, of_list)
    sort(page)
    held.wait(1)
    after(page)
    held.answer(held.routes[0])
    expect(names(page).first).to_have_text("digits-01")
    if after is select:
        # It is shown as selected, and its response is for the sorted list.
        expect(page.locator("[data-pick]").first).to_be_visible()
        held.wait(1)
    held.release()
    if after is select:
        expect(page.locator("#selection-bar")).to_contain_text("1 selected")
        expect(page).to_have_url(re.compile("sort=name.*selected=digits-46"))
    expect(names(page).first).to_have_text("digits-01")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Display name")


@ORDERS
def test_a_filter_overrides_an_earlier_sort(
    runs_page: Page, order: tuple[int, int]
) -> None:
    page = runs_page
    page.goto(LIST)
    held = Held(page, of_list)
    sort(page)
    held.wait(1)
    find(page)
    held.wait(2)
    for route in [held.routes[at] for at in order]:
        held.answer(route)
    held.release()
    expect(page.locator(".pages")).to_contain_text("of 9 root runs")
    expect(page.locator("#q")).to_have_value("name like 'digits-0%'")
    expect(page).to_have_url(re.compile("q=name"))
    assert "sort=" not in page.url


def test_a_sort_overrides_a_waiting_filter(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    held = Held(page, of_list)
    find(page)
    held.wait(1)
    page.locator("#q").fill("digits-11")
    page.locator("#q").press("Enter")
    sort(page)
    held.wait(2)
    held.answer(held.routes[0])
    held.answer(held.routes[0])
    held.release()
    expect(names(page).first).to_have_text("digits-01")
    expect(page).to_have_url(re.compile("sort=name"))
    assert "q=" not in page.url


def test_select_all_works_while_a_checkbox_request_is_running(runs_page: Page) -> None:
    page = runs_page
    page.goto(f"{LIST}&selected=digits-45")
    held = Held(page, of_list)
    select(page)
    held.wait(1)
    page.get_by_role("button", name="Select all 46 matching runs").click()
    held.answer(held.routes[0])
    held.release()
    expect(page.locator("#selection-bar")).to_contain_text("46 selected")
    for name in ("digits-45", "digits-46"):
        expect(box(page, name)).to_be_checked()


def test_changing_a_column_width_reverts_nothing(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    held = Held(page, of_list)
    page.locator("th", has_text="Display name").locator(".edge").press("ArrowRight")
    held.wait(1)
    select(page)
    held.wait(2)
    held.answer(held.routes[1])
    held.answer(held.routes[0])
    held.release()
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    expect(box(page, "digits-46")).to_be_checked()
    expect(page).to_have_url(re.compile("columns=name:.*selected=digits-46"))


def test_letters_typed_while_fields_are_found_stay(runs_page: Page) -> None:
    page = runs_page
    page.goto(LIST)
    page.locator("#add-filter").click()
    found = page.get_by_label("Find a field")
    expect(found).to_be_focused()
    held = Held(page, lambda request: "find=e" in request.url)
    found.press("e")
    held.wait(1)
    found.press("p")
    held.release()
    found.press("o")
    expect(found).to_have_value("epo")
    expect(page.locator(".field-list a")).to_have_count(1)
