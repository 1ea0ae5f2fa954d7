"""A run printed: a report on paper, without what only a screen can use."""

from __future__ import annotations

import re
import zlib

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.test_run_page import Writer
from tests.parts.server import Server

#: Width of A4 without its margins, at 96 dots per inch.
PAPER: ViewportSize = {"width": 718, "height": 1000}


@pytest.fixture
def run(server: Server) -> Writer:
    made = Writer(server)
    made.log("loss", [3.0, 1.0, 0.5])
    made.log("val/acc", [0.1, 0.7, 0.9])
    tags = {"mlflow.note.content": "## Aim\n\nTo learn **digits**.", "team": "vision"}
    for key, value in tags.items():
        made.call("runs/set-tag", {"run_id": made.id, "key": key, "value": value})
    for key in ("lr", "seed", "optimizer"):
        body = {"run_id": made.id, "key": key, "value": f"value of {key}"}
        made.call("runs/log-parameter", body)
    return made


def test_details_print_as_a_report(run: Writer, owner_page: Page) -> None:
    owner_page.emulate_media(media="print")
    owner_page.set_viewport_size(PAPER)
    owner_page.goto(run.page)
    for text in ("To learn digits.", "vision", "value of lr", "loss", "0.5"):
        expect(owner_page.get_by_text(text).first).to_be_visible()
    for place in (".nav", ".toolbar", ".tabs", "#toasts", ".crumbs-end"):
        for found in owner_page.locator(place).all():
            expect(found).to_be_hidden()
    expect(owner_page.locator(".print-foot")).to_contain_text(run.page)
    assert _fits(owner_page)


def test_curves_print_on_white(run: Writer, owner_page: Page) -> None:
    owner_page.goto(f"{run.page}metrics/")
    expect(owner_page.locator(".js-line").first).to_be_visible()
    owner_page.emulate_media(media="print", color_scheme="dark")
    owner_page.set_viewport_size(PAPER)
    expect(owner_page.locator(".metric-tools").first).to_be_hidden()
    expect(owner_page.locator(".js-line").first).to_be_visible()
    # Paper is white, whatever the screen's theme.
    background = "getComputedStyle(document.querySelector('.frame')).backgroundColor"
    assert owner_page.evaluate(background) in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    expect(owner_page.locator("h1")).to_have_css("color", re.compile(r"rgb\((\d\d?, )"))
    assert _fits(owner_page)


def test_a_printed_page_is_complete_and_lists_what_is_left_out(
    run: Writer, owner_page: Page
) -> None:
    for n in range(120):
        run.log(f"group/metric-{n:03}", [1.0])
    owner_page.goto(run.page)
    expect(owner_page.get_by_text("and 115 more")).to_be_hidden()
    assert _pages(owner_page.pdf(format="A4")) == 2
    owner_page.emulate_media(media="print")
    expect(owner_page.get_by_text("and 115 more")).to_be_visible()
    expect(owner_page.get_by_text("Show 115 more")).to_be_hidden()
    owner_page.goto(f"{run.page}?metrics=all")
    assert 4 <= _pages(owner_page.pdf(format="A4")) <= 6


def test_a_wide_table_of_values_fits_on_paper(run: Writer, owner_page: Page) -> None:
    for n in range(10):
        run.log(f"group/a-long-name-{n:03}", [0.123456789, 1e-7])
    owner_page.goto(f"{run.page}metrics/?show=table")
    owner_page.emulate_media(media="print")
    owner_page.set_viewport_size(PAPER)
    box = owner_page.locator("#metric-values .table").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PAPER["width"]


def _fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth"
            " <= document.documentElement.clientWidth"
        )
    )


def _pages(pdf: bytes) -> int:
    found = re.findall(rb"/Type\s*/Page\b", pdf)
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found += re.findall(rb"/Type\s*/Page\b", zlib.decompress(stream))
        except zlib.error:
            continue
    return len(found)
