"""What is written in a narrow chart is whole, and none of it lies on another word."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.list.charts.drawn_lines import card, drawn
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Each takes seconds: of all browser tests of charts, half run in each sample.
pytestmark = pytest.mark.sample(12, group="charts")

HOME = "/w/default/experiments/far/"
START = 1_795_000_000_000
#: How much wider a text is than what there is of it, in pixels.
MISSING = """box => {
  const range = document.createRange();
  range.selectNodeContents(box);
  return range.getBoundingClientRect().width - box.getBoundingClientRect().width;
}"""
BOXES = """plot => [...plot.querySelectorAll(SELECTOR)]
  .filter((text) => text.textContent.trim())
  .map((text) => text.getBoundingClientRect())
  .map(({ left, right, top, bottom }) => [left, right, top, bottom])
  .sort((a, b) => a[0] - b[0])"""


@pytest.fixture(scope="module")
def far(list_server: Server) -> Iterator[None]:
    """Runs of a million steps, broken at about the same places, and a huge one."""
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "far"})
    for run, value in (("far-0", "NaN"), ("far-1", "Infinity"), ("far-2", 1.7e308)):
        link.rest("POST", "/runs", {"id": run, "name": run, "experiment": "far"})
        points = [
            {
                "key": "a",
                "value": value if step % 5 == 0 else step,
                "step": step * 10**5,
            }
            for step in range(11)
        ]
        points += [
            {"key": "near", "value": step, "step": step, "time": START + step * 3}
            for step in range(20, 150, 10)
        ]
        batch = {"writer": "w", "sequence": 1, "points": points}
        link.rest("POST", f"/runs/{run}/metrics", batch)
        link.rest("POST", f"/runs/{run}/status", {"status": "Completed"})
    yield
    link.rest("DELETE", f"/experiments/{made['id']}")


def boxes(page: Page, selector: str) -> list[list[float]]:
    plot = drawn(page)
    expect(plot.locator(selector).first).to_be_attached()
    found: list[list[float]] = plot.evaluate(BOXES.replace("SELECTOR", f"'{selector}'"))
    return found


def test_titles_ticks_and_labels_are_readable(runs_page: Page, far: None) -> None:
    three = "line!metrics.a,line!metrics.a!smooth=0.5,bar!metrics.a"
    runs_page.goto(f"{HOME}?charts={three}")
    places = boxes(runs_page, ".xtick text")
    heights = {round(bottom - top) for _left, _right, top, bottom in places}
    assert len(places) > 2
    assert max(heights) < 20, "they are turned"
    words = boxes(runs_page, ".textpoint text")
    for found in (places, words):
        pairs = pairwise(found)
        assert all(one[1] <= other[0] + 1 for one, other in pairs), found
    shown = drawn(runs_page).locator(".textpoint text")
    expect(shown.first).to_have_text("1.7e+308, Infinity, NaN")
    title = card(runs_page).locator(".chart-head b")
    assert title.evaluate(MISSING) < 0.05


@pytest.mark.parametrize("way", ["log%3Dx", "x%3Dtime"])
def test_close_axis_labels_are_not_rotated(
    runs_page: Page, far: None, way: str
) -> None:
    runs_page.goto(f"{HOME}?charts=line!metrics.near!{way},bar!metrics.a,bar!metrics.a")
    below = boxes(runs_page, ".xtick text, .xtitle")
    assert len(below) > 1
    turned = drawn(runs_page).locator(".xtick text[transform*=rotate]")
    assert turned.count() == 0
    for (left, right, top, bottom), other in combinations(below, 2):
        is_apart = other[0] >= right - 1 or other[1] <= left + 1
        assert is_apart or other[2] >= bottom - 1 or other[3] <= top + 1, below
