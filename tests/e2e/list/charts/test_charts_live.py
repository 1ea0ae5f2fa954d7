"""Charts of runs that go on, while the list is used."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.list.charts.drawn_lines import drawn, reaches
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Each takes seconds: of all browser tests of charts, half run in each sample.
pytestmark = pytest.mark.sample(12, group="charts")

LOSS = "line!metrics.fit/loss"


@pytest.fixture
def going_on(list_server: Server) -> Iterator[str]:
    """A run that goes on, in an experiment of its own."""
    link, run = Connection(list_server), f"on-{uuid.uuid4().hex[:6]}"
    made = link.rest("POST", "/experiments", {"name": run})
    link.rest("POST", "/runs", {"id": run, "experiment": run, "started": 1})
    add_point(link, run, 1, 2.0)
    yield run
    link.rest("DELETE", f"/experiments/{made['id']}")


def add_point(link: Connection, run: str, step: int, value: float) -> None:
    points = [{"key": "fit/loss", "value": value, "step": step}]
    batch = {"writer": "w", "sequence": step, "points": points}
    link.rest("POST", f"/runs/{run}/metrics", batch)


def test_a_chart_updates_with_its_runs_and_survives_sorting(
    runs_page: Page, list_server: Server, going_on: str
) -> None:
    page, link = runs_page, Connection(list_server)
    add_point(link, going_on, 2, 4.0)
    page.goto(f"/w/default/experiments/{going_on}/?charts={LOSS}")
    plot = drawn(page)
    reaches(plot, 4.0)
    plot.evaluate("plot => plot.dataset.same = 'yes'")
    page.get_by_role("link", name="Status", exact=True).click()
    expect(page).to_have_url(re.compile("sort=status"))
    expect(plot).to_have_attribute("data-same", "yes")
    add_point(link, going_on, 3, 77.0)
    reaches(plot, 77.0)


def test_a_selection_change_loads_each_chart_once(
    runs_page: Page, going_on: str
) -> None:
    page, sent = runs_page, []
    page.goto(f"/w/default/experiments/{going_on}/?charts={LOSS},bar!metrics.fit/loss")
    drawn(page)
    page.on("request", lambda request: sent.append(request.url))
    with page.expect_response(re.compile("figure.*selected=")):
        page.locator("[data-pick]").click()
    expect(page.locator("#selection-bar")).to_contain_text("1 selected")
    chosen = [url for url in sent if "figure/" in url and "selected=" in url]
    assert len(chosen) <= 2
