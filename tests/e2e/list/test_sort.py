"""Sorting by heads, paging and archived runs, as people walk them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.parts.server import Server
from tests.parts.wire import Connection

DIGITS = "/w/default/experiments/digits/"


def head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def names(page: Page) -> Locator:
    return page.locator("[data-row-link]")


def test_column_headers_sort_by_mouse(runs_page: Page) -> None:
    runs_page.goto(DIGITS)
    head(runs_page, "acc").get_by_role("link", name="acc", exact=True).click()
    expect(head(runs_page, "acc")).to_have_attribute("aria-sort", "descending")
    expect(names(runs_page).first).to_have_text("digits-46")
    assert runs_page.url.endswith("?sort=-metrics.acc")
    head(runs_page, "acc").get_by_role("link", name="acc", exact=True).click()
    expect(head(runs_page, "acc")).to_have_attribute("aria-sort", "ascending")
    expect(names(runs_page).first).to_have_text("digits-01")
    # Those without the value are last, whichever way.
    expect(names(runs_page).last).to_have_text(re.compile("digits-(03|45)"))
    runs_page.go_back()
    expect(head(runs_page, "acc")).to_have_attribute("aria-sort", "descending")


def test_swapping_the_list_adds_no_duplicate(runs_page: Page) -> None:
    """As what an editor takes the place of is."""
    runs_page.goto(DIGITS)
    runs_page.evaluate(
        """() => {
            const clone = Node.prototype.cloneNode;
            window.copied = [];
            Node.prototype.cloneNode = function (deep) {
                if (deep) window.copied.push(this.id);
                return clone.call(this, deep);
            };
        }"""
    )
    head(runs_page, "acc").get_by_role("link", name="acc", exact=True).click()
    expect(head(runs_page, "acc")).to_have_attribute("aria-sort", "descending")
    assert "run-table" not in runs_page.evaluate("window.copied")


def test_sorting_and_paging_work_by_keyboard(runs_page: Page) -> None:
    runs_page.goto(f"{DIGITS}?rows=25&q=digits")
    by_name = head(runs_page, "Display name")
    by_name.get_by_role("link", name="Display name", exact=True).press("Enter")
    expect(by_name).to_have_attribute("aria-sort", "ascending")
    expect(runs_page.locator(".pages")).to_contain_text("1–25 of 46 root runs")
    runs_page.get_by_role("link", name="Next").press("Enter")
    expect(names(runs_page)).to_have_count(21)
    expect(names(runs_page).first).to_have_text("digits-26")
    expect(runs_page.locator(".pages")).to_contain_text("26–46 of 46 root runs")
    runs_page.get_by_role("link", name="Previous").press("Enter")
    expect(names(runs_page).first).to_have_text("digits-01")
    runs_page.get_by_label("Rows per page").select_option("100")
    expect(names(runs_page)).to_have_count(46)
    assert runs_page.url.endswith("?q=digits&sort=name&rows=100")


def test_sorting_and_paging_work_without_scripts(plain_page: Page) -> None:
    plain_page.goto(f"{DIGITS}?rows=25")
    head(plain_page, "Display name").get_by_role("link").first.click()
    expect(names(plain_page).first).to_have_text("digits-01")
    plain_page.get_by_role("link", name="Next").click()
    expect(names(plain_page).first).to_have_text("digits-26")
    plain_page.get_by_label("Rows per page").select_option("50")
    plain_page.get_by_role("button", name="Apply").click()
    expect(names(plain_page)).to_have_count(46)
    assert plain_page.url.endswith(f"{DIGITS}?sort=name")


@pytest.fixture
def archived(list_server: Server) -> Iterator[str]:
    """The name of a run that is archived while its experiment is not."""
    link = Connection(list_server)
    name = "put-away"
    run = link.rest("POST", "/runs", {"experiment": name, "name": name})["id"]
    link.rest("PATCH", f"/runs/{run}", {"archived": True})
    yield name
    number = next(
        each["id"]
        for each in link.rest("GET", "/experiments")["experiments"]
        if each["name"] == name
    )
    link.rest("DELETE", f"/experiments/{number}")


def test_archived_runs_are_shown_on_request(runs_page: Page, archived: str) -> None:
    runs_page.goto(f"/w/default/runs/?q={archived}")
    expect(runs_page.get_by_role("heading", name="No matching runs")).to_be_visible()
    runs_page.get_by_role("link", name="Include archived runs").click()
    expect(names(runs_page)).to_have_text([archived])
    assert runs_page.url.endswith(f"?q={archived}&archived=1")
    runs_page.get_by_role("switch", name="Include archived").press("Space")
    expect(names(runs_page)).to_have_count(0)
    runs_page.locator("#q").fill(f"{archived} archived:true")
    runs_page.locator("#q").press("Enter")
    expect(names(runs_page)).to_have_text([archived])
