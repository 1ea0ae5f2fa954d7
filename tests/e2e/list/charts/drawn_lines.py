"""What is drawn of a chart, read from the picture itself."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

#: What the drawn line's highest point is on the axis, read from the picture itself.
HIGHEST = """plot => {
  const lines = [...plot.querySelectorAll(".js-line")];
  const tops = lines.map((line) => line.getBBox().y);
  return plot._fullLayout.yaxis.p2l(Math.min(...tops));
}"""


def card(page: Page, at: int = 0) -> Locator:
    return page.locator(".chart").nth(at)


def drawn(page: Page, at: int = 0) -> Locator:
    plot = card(page, at).locator(".plot")
    expect(plot.locator(".main-svg").first).to_be_attached()
    return plot


def reaches(plot: Locator, high: float) -> None:
    """The drawn lines do, once the axes have come to rest."""
    page, handle = plot.page, plot.element_handle()
    page.wait_for_function(
        f"([plot, high]) => Math.abs(({HIGHEST})(plot) - high) < 0.2",
        arg=[handle, high],
    )


def spans(plot: Locator, ends: list[float]) -> None:
    """The x axis does, once the answer to a zoom is drawn."""
    page, handle = plot.page, plot.element_handle()
    page.wait_for_function(
        "([plot, ends]) => plot._fullLayout.xaxis.range.every("
        "(end, at) => Math.abs(end - ends[at]) < 1e-6)",
        arg=[handle, ends],
    )
