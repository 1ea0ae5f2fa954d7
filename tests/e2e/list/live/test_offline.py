"""What is asked of a server that is away says that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.parts.browser import Watch

Act = Callable[[Page], None]
LIST = "/w/default/experiments/digits/?rows=25&facets=1&selected=digits-46"
CHART = "/w/default/experiments/digits/?charts=line!metrics.acc"
COMPARE = "/w/default/compare/?run=digits-01&run=digits-02"


@dataclass(frozen=True)
class Tried:
    name: str
    path: str
    act: Act

    def __str__(self) -> str:
        return self.name


def clicked(*selectors: str) -> Act:
    def act(page: Page) -> None:
        for each in selectors:
            page.locator(each).locator("visible=true").first.click()

    return act


def typed(selector: str, text: str) -> Act:
    def act(page: Page) -> None:
        page.locator(selector).first.press_sequentially(text)

    return act


def pressed(selector: str, key: str) -> Act:
    def act(page: Page) -> None:
        page.locator(selector).first.press(key)

    return act


TRIED = [
    Tried("box", LIST, clicked("[data-pick]")),
    Tried("sort", LIST, clicked("th a[href*='sort=']")),
    Tried("not these", LIST, pressed("[data-but]", "Alt+Enter")),
    Tried("refresh", LIST, clicked("#refresh")),
    Tried("columns", LIST, clicked("#edit-columns")),
    Tried("head's menu", LIST, clicked(".head-menu")),
    Tried("section of facets", LIST, clicked("#facets a[data-panel]")),
    Tried("facets' search", LIST, typed("#facets-find", "mod")),
    Tried("pill", LIST, clicked("#add-filter")),
    Tried("views", LIST, clicked(".view-select")),
    Tried("chart", LIST, clicked("#add-chart")),
    Tried("name in a row", LIST, pressed("[data-row-link]", "e")),
    Tried("description", LIST, clicked("#experiment-description a[hx-get]")),
    Tried("another chart", CHART, clicked("#add-chart")),
    Tried("chart's table", CHART, clicked(".chart summary", "[data-chart-table]")),
    Tried("copy", COMPARE, clicked("#compare-copy summary", "[data-copy-from]")),
    Tried("run to add", COMPARE, clicked("#compare-add summary")),
    Tried("row", COMPARE, typed("#find-row", "lr")),
    Tried("conclusion", COMPARE, clicked("#edit-conclusion")),
]


@pytest.mark.sample(10)
@pytest.mark.parametrize("tried", TRIED, ids=str)
def test_the_page_reports_an_unreachable_server(
    runs_page: Page, watch: Watch, tried: Tried
) -> None:
    page = runs_page
    watch.expect("ERR_INTERNET_DISCONNECTED")
    watch.expect("htmx:sendError")
    page.goto(tried.path)
    if "charts=" in tried.path:
        expect(page.locator(".main-svg").first).to_be_attached()
    page.context.set_offline(True)
    tried.act(page)
    expect(page.locator(".toast")).to_contain_text("doesn’t respond")
    expect(page.locator(".toast")).to_have_count(1)
    if tried.name == "box":
        expect(page.locator("[data-pick]").first).to_be_checked()
    page.context.set_offline(False)
