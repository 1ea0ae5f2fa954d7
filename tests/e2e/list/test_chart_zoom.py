"""Zooming a chart of the run list reads what is zoomed to, on every axis."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.list.test_charts import HOME, LOSS, card, curves, drawn
from tests.parts.wire import Connection

__all__ = ["curves"]

RANGE = "plot => plot._fullLayout.xaxis.range"


def test_a_logarithmic_axis_over_a_metric_zooms_at_full_resolution(
    runs_page: Page, curves: Connection
) -> None:
    page = runs_page
    over = f"{LOSS}!x=metrics.fit/loss!log=x"
    page.goto(f"{HOME}?charts={over}")
    plot, note = drawn(page), card(page).locator("[data-note]")
    expect(note).to_contain_text("every extreme kept")
    where = plot.locator(".nsewdrag").first.bounding_box()
    assert where is not None
    page.mouse.move(where["x"] + where["width"] * 0.3, where["y"] + 60)
    page.mouse.down()
    page.mouse.move(where["x"] + where["width"] * 0.34, where["y"] + 62, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url) as told:
        page.mouse.up()
    expect(note).not_to_contain_text("every extreme kept")
    asked = parse_qs(urlsplit(told.value.url).query)
    ends = [math.log10(float(asked[name][0])) for name in ("from", "to")]
    assert plot.evaluate(RANGE) == pytest.approx(ends)
    again = re.compile("figure/(?!.*from=)")
    # Where a range was chosen, that is what a double click comes back to.
    page.goto(f"{HOME}?charts={over}!xrange=0.1~1")
    plot = drawn(page)
    assert plot.evaluate(RANGE) == [-1, 0]
    where = plot.locator(".nsewdrag").first.bounding_box()
    assert where is not None
    page.mouse.move(where["x"] + where["width"] * 0.3, where["y"] + 60)
    page.mouse.down()
    page.mouse.move(where["x"] + where["width"] * 0.5, where["y"] + 62, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url):
        page.mouse.up()
    with page.expect_response(again):
        plot.locator(".nsewdrag").first.dblclick()
    assert plot.evaluate(RANGE) == [-1, 0]
