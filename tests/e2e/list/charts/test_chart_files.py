"""Files of charts name the runs of their colors; axes filter the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.list.charts.drawn_lines import card, drawn
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Each takes seconds: of all browser tests of charts, half run in each sample.
pytestmark = pytest.mark.sample(12, group="charts")

HOME = "/w/default/experiments/kept/"
WORDS = "scatter!params.lr!metrics.acc!params.opt"


@pytest.fixture(scope="module")
def kept(list_server: Server) -> Iterator[None]:
    """Five runs with an accuracy, two optimisers and a rate each."""
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "kept"})
    for number in range(5):
        run, opt = f"kept-{number}", "adam" if number % 2 else "sgd"
        params = {"lr": str(10.0**-number), "opt": opt}
        body = {"id": run, "name": run, "experiment": "kept", "params": params}
        link.rest("POST", "/runs", body)
        points = [{"key": "acc", "value": number / 10, "step": 0}]
        batch = {"writer": "w", "sequence": 1, "points": points}
        link.rest("POST", f"/runs/{run}/metrics", batch)
        link.rest("POST", f"/runs/{run}/status", {"status": "Completed"})
    yield
    link.rest("DELETE", f"/experiments/{made['id']}")


def saved(page: Page, place: Path, at: int = 0) -> str:
    card(page, at).locator("summary").click()
    with page.expect_download() as begun:
        card(page, at).get_by_text("Download SVG").click()
    begun.value.save_as(place)
    return place.read_text()


def test_the_categories_that_color_dots_are_listed_and_saved(
    runs_page: Page, kept: None, tmp_path: Path
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={WORDS},{WORDS}!legend=0")
    drawn(page)
    expect(card(page).locator(".legend span")).to_have_text(["sgd", "adam"])
    drawn(page, 1)
    expect(card(page, 1).locator(".legend")).to_be_empty()
    picture = saved(page, tmp_path / "dots.svg")
    assert "adam" in picture
    assert "sgd" in picture


def test_saved_bars_and_parallel_lines_name_what_they_show(
    runs_page: Page, kept: None, tmp_path: Path
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts=bar!metrics.acc,parallel!params.lr!params.opt")
    drawn(page)
    bars = saved(page, tmp_path / "bars.svg")
    assert all(f"kept-{number}" in bars for number in range(5))
    expect(card(page, 1).locator(".runs-of path")).to_have_count(5)
    lines = saved(page, tmp_path / "parallel.svg", 1)
    assert 'width="900"' in lines
    tick = re.search(r"<text[^>]*>adam</text>", lines)
    # Without it the light edge of a letter would lie on the letter.
    assert tick
    assert 'paint-order="stroke"' in tick[0]
    assert "slider" not in lines


def test_brushing_close_times_filters_exactly_the_selected_runs(
    runs_page: Page, kept: None
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts=parallel!created!params.opt")
    expect(card(page).locator(".runs-of path")).to_have_count(5)
    low = card(page).locator(".handle").first
    low.press("PageUp")
    low.press("Enter")
    expect(page).to_have_url(re.compile("q=created"))
    rows = page.locator("[data-row-link]")
    expect(rows.filter(has_text="kept-0")).to_have_count(0)
    expect(rows.filter(has_text="kept-4")).to_have_count(1)
