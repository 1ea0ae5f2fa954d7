"""What is drawn of a chart, read from the picture itself."""

from __future__ import annotations

from playwright.sync_api import Locator

#: What the drawn line's highest point is on the axis, read from the picture itself.
HIGHEST = """plot => {
  const lines = [...plot.querySelectorAll(".js-line")];
  const tops = lines.map((line) => line.getBBox().y);
  return plot._fullLayout.yaxis.p2l(Math.min(...tops));
}"""


def reaches(plot: Locator, high: float) -> None:
    """The drawn lines do, once the axes have come to rest."""
    page, handle = plot.page, plot.element_handle()
    page.wait_for_function(
        f"([plot, high]) => Math.abs(({HIGHEST})(plot) - high) < 0.2",
        arg=[handle, high],
    )
