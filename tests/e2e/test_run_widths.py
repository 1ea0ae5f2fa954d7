"""The run page has room for what it shows, on a phone too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.test_run_page import Writer
from tests.parts.browser import Watch, new_context
from tests.parts.server import Server


@pytest.fixture
def run(server: Server) -> Writer:
    return Writer(server)


@pytest.mark.parametrize("tab", ["", "metrics/", "files/"])
def test_nothing_is_wider_than_a_phone(
    browser: Browser, run: Writer, owner_state: StorageState, tab: str
) -> None:
    run.log("a/very/long/name/of/a/metric/that/does/not/fit", [3.0, 2.0])
    tag = {"run_id": run.id, "key": "estimator.class", "value": "sklearn." * 20}
    run.call("runs/set-tag", tag)
    run.keep("a/long/path/of/folders/with_a_very_long_name_of_a_file.txt", b"x" * 500)
    context = new_context(browser, Watch(), state=owner_state, width=360)
    page = context.new_page()
    page.goto(f"{run.page}{tab}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_metric_names_are_readable_next_to_long_values(
    run: Writer, owner_page: Page
) -> None:
    run.log("train/loss", [3.0, 2.0])
    run.point("a", 2**70)
    owner_page.goto(run.page)
    name = owner_page.get_by_title("train/loss", exact=True)
    expect(name).to_be_visible()
    assert name.evaluate("it => it.scrollWidth <= it.clientWidth")


@pytest.mark.parametrize("tab", ["metrics/", "media/", "children/"])
def test_an_empty_tab_is_no_wider_than_a_phone(
    browser: Browser, run: Writer, owner_state: StorageState, tab: str
) -> None:
    context = new_context(browser, Watch(), state=owner_state, width=360)
    page = context.new_page()
    page.goto(f"{run.page}{tab}")
    expect(page.locator("#empty-state")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
