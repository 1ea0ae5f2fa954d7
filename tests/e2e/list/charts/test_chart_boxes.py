"""Drawings fit their boxes, whatever changes them, and go when these go."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.list.charts.drawn_lines import card, drawn
from tests.e2e.list.live.held import Held

#: Each takes seconds: of all browser tests of charts, half run in each sample.
pytestmark = pytest.mark.sample(12, group="charts")

HOME = "/w/default/experiments/digits/"
LOSS = "line!metrics.acc"
PARALLEL = "parallel!params.lr!metrics.acc"
FITS = """([plot, before]) => {
  const svg = plot.querySelector("svg").getBoundingClientRect();
  return plot.clientWidth !== before && Math.abs(svg.width - plot.clientWidth) < 1;
}"""


def fits(plot: Locator, before: int) -> int:
    """The drawing has its box's width, which is not `before` any more; that width."""
    plot.page.wait_for_function(FITS, arg=[plot.element_handle(), before])
    return width(plot)


def width(plot: Locator) -> int:
    wide: int = plot.evaluate("it => it.clientWidth")
    return wide


@pytest.mark.parametrize("chart", [LOSS, PARALLEL], ids=["line", "parallel"])
def test_a_chart_is_resized_with_its_container(runs_page: Page, chart: str) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={chart}")
    plot = card(page).locator(".plot")
    expect(plot.locator("svg").first).to_be_attached()
    now = fits(plot, 0)
    page.locator("#facets-toggle").click()
    now = fits(plot, now)
    page.locator("#facets-toggle").click()
    now = fits(plot, now)
    page.locator("label[for=nav-open]").locator("visible=true").first.click()
    now = fits(plot, now)
    page.set_viewport_size({"width": 1000, "height": 700})
    fits(plot, now)


def test_a_chart_is_resized_even_while_it_is_redrawn(runs_page: Page) -> None:
    """Drawn again, Plotly keeps the size that it had."""
    page = runs_page
    page.goto(f"{HOME}?charts={LOSS}")
    now = fits(drawn(page), 0)
    page.evaluate(
        """() => {
            document.querySelector(".plot").style.width = "200px";
            document.documentElement.dataset.theme = "dark";
        }"""
    )
    fits(drawn(page), now)


def test_a_chart_is_resized_when_a_phone_is_rotated(phone_page: Page) -> None:
    page = phone_page
    page.goto(f"{HOME}?charts={LOSS},{PARALLEL}")
    now = fits(drawn(page), 0)
    page.set_viewport_size({"width": 640, "height": 360})
    fits(drawn(page), now)
    # A chart that was hidden is drawn in the current size.
    page.locator("[data-chart-step='1']").first.click()
    other = card(page, 1).locator(".plot")
    expect(other.locator("svg")).to_be_attached()
    now = fits(other, 0)
    page.locator("[data-chart-step='-1']").last.click()
    page.set_viewport_size({"width": 360, "height": 640})
    page.locator("[data-chart-step='1']").first.click()
    fits(other, now)


def test_a_chart_removed_before_drawing_is_not_drawn(runs_page: Page) -> None:
    page = runs_page
    held = Held(page, lambda it: it.url.endswith(".js") and "plotly" in it.url)
    page.goto(f"{HOME}?charts={LOSS}", wait_until="domcontentloaded")
    held.wait(1)
    plot = card(page).locator(".plot").element_handle()
    page.get_by_role("link", name="Remove chart").click()
    expect(page.locator(".chart")).to_have_count(0)
    held.release()
    page.wait_for_function("() => globalThis.Plotly")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert plot.evaluate("it => it.className") == "plot"


def test_a_removed_chart_frees_its_resources(runs_page: Page) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={LOSS}")
    plot = drawn(page).element_handle()
    page.get_by_role("link", name="Remove chart").click()
    expect(page.locator(".chart")).to_have_count(0)
    assert plot.evaluate("it => it._fullLayout === undefined")
