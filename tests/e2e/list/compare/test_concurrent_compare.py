"""A comparison in which things happen while it is read, typed into and waited for."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.e2e.list.live.held import Held
from tests.e2e.list.rich import PIXEL
from tests.parts.server import Server
from tests.parts.wire import Connection

COMPARE = "/w/default/compare/?run=digits-01&run=digits-02"


class Pair:
    """Two runs that go on, with pictures of three steps and of two."""

    def __init__(self, server: Server) -> None:
        self.link = Connection(server)
        self.name = f"pair-{uuid.uuid4().hex[:8]}"
        self.runs = [f"{self.name}-{each}" for each in "ab"]
        for run in self.runs:
            body = {"experiment": self.name, "id": run, "name": run}
            self.link.rest("POST", "/runs", body)
            self.metric(run, 0.25)
        for step in (1, 2, 4):
            self.picture(self.runs[0], step)
        for step in (2, 4):
            self.picture(self.runs[1], step)
        self.path = "/w/default/compare/?" + "&".join(f"run={r}" for r in self.runs)

    def metric(self, run: str, value: float, sequence: int = 0) -> None:
        points = [{"key": "acc", "value": value, "step": sequence}]
        body = {"writer": "w", "sequence": sequence, "points": points}
        self.link.rest("POST", f"/runs/{run}/metrics", body)

    def picture(self, run: str, step: int) -> None:
        found = self.link.call("GET", f"/runs/get?run_id={run}")["run"]["info"]
        root = found["artifact_uri"].partition("mlflow-artifacts:")[2].lstrip("/")
        address = f"/api/2.0/mlflow-artifacts/artifacts/{root}/curve_{step}.png"
        self.link.ask("PUT", self.link.prefix + address, PIXEL)

    def delete(self) -> None:
        for each in self.link.rest("GET", "/experiments")["experiments"]:
            if each["name"] == self.name:
                self.link.rest("DELETE", f"/experiments/{each['id']}")


@pytest.fixture
def pair(list_server: Server) -> Iterator[Pair]:
    made = Pair(list_server)
    yield made
    made.delete()


def of_page(request: Request) -> bool:
    return request.headers.get("hx-request") == "true" and "/compare/?" in request.url


def cell(page: Page, row: str, column: int) -> Locator:
    head = page.get_by_role("rowheader", name=row)
    return page.locator("table.compare tr", has=head).locator("td").nth(column)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])
def test_text_typed_during_a_search_is_searched_too(
    runs_page: Page, order: tuple[int, int]
) -> None:
    page = runs_page
    page.goto(COMPARE)
    held = Held(page, of_page)
    box = page.locator("#find-row")
    box.focus()
    page.keyboard.type("l")
    held.wait(1)
    page.keyboard.type("oss")
    page.keyboard.press("ArrowLeft")
    held.wait(2)
    for route in [held.routes[at] for at in order]:
        held.answer(route)
    held.release()
    expect(page.get_by_role("rowheader", name="lr")).to_have_count(0)
    expect(cell(page, "val/loss", 0)).to_be_visible()
    expect(page).to_have_url(re.compile("find=loss"))
    expect(box).to_be_focused()
    expect(box).to_have_value("loss")
    assert box.evaluate("it => it.selectionStart") == 3


def test_a_row_search_works_although_a_response_arrives_during_typing(
    runs_page: Page,
) -> None:
    page = runs_page
    page.goto(COMPARE)
    held = Held(page, of_page)
    box = page.locator("#find-row")
    box.focus()
    page.keyboard.type("l")
    held.wait(1)
    page.keyboard.type("oss")
    held.answer(held.routes[0])
    held.release()
    expect(page.get_by_role("rowheader", name="lr")).to_have_count(0)
    expect(page).to_have_url(re.compile("find=loss"))
    expect(box).to_have_value("loss")


def test_a_switch_keeps_the_search_in_progress(runs_page: Page) -> None:
    page = runs_page
    page.goto(COMPARE)
    held = Held(page, of_page)
    page.locator("#find-row").fill("acc")
    held.wait(1)
    page.get_by_text("Show Δ and %").click()
    held.wait(2)
    held.answer(held.routes[0])
    held.answer(held.routes[0])
    held.release()
    expect(page).to_have_url(re.compile("delta=0.*find=acc|find=acc.*delta=0"))
    expect(page.locator("#t-delta")).not_to_be_checked()
    expect(page.get_by_role("rowheader", name="lr")).to_have_count(0)


def test_values_update_during_a_row_search(runs_page: Page, pair: Pair) -> None:
    page = runs_page
    page.goto(f"{pair.path}&differs=0")
    box = page.locator("#find-row")
    box.focus()
    expect(cell(page, "acc", 0)).to_contain_text("0.25")
    pair.metric(pair.runs[0], 0.75, 1)
    page.evaluate("document.dispatchEvent(new Event('page:refresh'))")
    expect(cell(page, "acc", 0)).to_contain_text("0.75")
    expect(box).to_be_focused()


def test_the_step_of_the_media_is_kept_and_shown(runs_page: Page, pair: Pair) -> None:
    page = runs_page
    page.goto(pair.path)
    slider, figures = page.locator("#media-step"), page.locator("#media-grid th")
    expect(page.locator("#media-step-now")).to_have_text("4")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("step=2"))
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "2")
    page.keyboard.press("ArrowLeft")
    expect(figures.nth(1)).to_contain_text("No media")
    expect(page).to_have_url(re.compile("step=1"))
    expect(page.locator("#step-before")).to_have_count(0)
    page.locator("#step-after").click()
    expect(page.locator("#media-step-now")).to_have_text("2")
    page.get_by_text("Only differences").click()
    expect(page).to_have_url(re.compile("differs=0"))
    expect(page.locator("#media-step-now")).to_have_text("2")
    # A new picture comes in by itself; the step is still the one that was chosen.
    pair.picture(pair.runs[0], 3)
    page.evaluate("document.dispatchEvent(new Event('page:refresh'))")
    expect(slider).to_have_attribute("data-steps", "1,2,3,4")
    expect(page.locator("#media-step-now")).to_have_text("2")
    slider.press("ArrowRight")
    expect(figures.nth(1)).to_contain_text("of step 2")
    expect(page).to_have_url(re.compile("step=3"))
    page.get_by_role("link", name=f"Remove {pair.runs[1]} from").click()
    expect(figures).to_have_count(1)
    expect(page.locator("#media-step-now")).to_have_text("3")
