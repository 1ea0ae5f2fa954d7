"""An open list follows changes without disturbing its reader."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.parts.browser import Watch
from tests.parts.clients import quiet_environment
from tests.parts.server import Server
from tests.parts.wire import Connection


class Runs:
    """Runs of an experiment of its own, as a script would log them."""

    def __init__(self, server: Server, name: str) -> None:
        self.link = Connection(server)
        self.name = name
        self.path = f"/w/default/experiments/{name}/"
        made = self.link.rest("POST", "/experiments", {"name": name})
        self.number = made["id"]

    def start(self, run: str, **more: Any) -> str:
        body = {"experiment": self.name, "name": run, **more}
        made: str = self.link.rest("POST", "/runs", body)["id"]
        return made

    def metric(self, run: str, value: float, sequence: int = 0) -> None:
        points = [{"key": "acc", "value": value, "step": sequence}]
        body = {"writer": "w", "sequence": sequence, "points": points}
        self.link.rest("POST", f"/runs/{run}/metrics", body)

    def end(self, run: str, status: str = "Completed") -> None:
        self.link.rest("POST", f"/runs/{run}/status", {"status": status})


@pytest.fixture
def runs(request: pytest.FixtureRequest, list_server: Server) -> Iterator[Runs]:
    made = Runs(list_server, request.node.name.replace("_", "-"))
    yield made
    made.link.rest("DELETE", f"/experiments/{made.number}")


def row(page: Page, name: str) -> Locator:
    return page.locator("tr[data-row]").filter(has_text=name)


def look(page: Page) -> None:
    """What the list does every few seconds."""
    with page.expect_response(lambda answer: "shown=" in answer.url):
        page.evaluate("dispatchEvent(new Event('online'))")


def test_rows_update_in_place_and_keep_the_focus(runs_page: Page, runs: Runs) -> None:
    first = runs.start("first")
    runs.metric(first, 0.5)
    runs_page.goto(runs.path)
    runs_page.get_by_role("link", name="first", exact=True).focus()
    runs_page.evaluate("document.activeElement.mark = 1")
    runs.metric(first, 0.75, 1)
    runs.end(first)
    look(runs_page)
    expect(row(runs_page, "first")).to_contain_text("Completed")
    expect(row(runs_page, "first")).to_contain_text("0.75")
    expect(runs_page.locator(".strip")).to_contain_text("Completed: 1")
    # The same link still has the focus.
    assert runs_page.evaluate("document.activeElement.mark") == 1


def test_new_runs_are_announced_and_shown_on_request(
    runs_page: Page, runs: Runs
) -> None:
    first = runs.start("first")
    runs_page.goto(runs.path)
    top = row(runs_page, "first").bounding_box()
    for name in ("second", "third", "fourth"):
        runs.start(name)
    runs.end(first, "Failed")
    look(runs_page)
    button = runs_page.get_by_role("button", name="3 new runs")
    expect(button).to_be_visible()
    expect(row(runs_page, "first")).to_contain_text("Failed")
    assert runs_page.locator("tr[data-row]").count() == 1
    assert row(runs_page, "first").bounding_box() == top
    button.focus()
    runs_page.keyboard.press("Enter")
    expect(runs_page.locator("tr[data-row]")).to_have_count(4)
    expect(button).to_have_count(0)


def test_showing_new_runs_scrolls_to_them(runs_page: Page, runs: Runs) -> None:
    for number in range(26):
        runs.start(f"run-{number}")
    runs_page.goto(f"{runs.path}?rows=25")
    row(runs_page, "run-5").scroll_into_view_if_needed()
    runs.start("newest")
    look(runs_page)
    runs_page.get_by_role("button", name="1 new run").click()
    name = runs_page.get_by_role("link", name="newest", exact=True)
    expect(name).to_be_focused()
    expect(name).to_be_in_viewport()


def test_rows_pushed_off_the_page_by_new_ones_still_update(
    runs_page: Page, runs: Runs
) -> None:
    oldest = runs.start("oldest")
    for number in range(24):
        runs.start(f"run-{number}")
    runs_page.goto(f"{runs.path}?rows=25")
    runs.start("newest")
    look(runs_page)
    expect(runs_page.get_by_role("button", name="1 new run")).to_be_visible()
    runs.end(oldest, "Canceled")
    look(runs_page)
    expect(row(runs_page, "oldest")).to_contain_text("Canceled")


def test_unsaved_input_survives_updates(runs_page: Page, runs: Runs) -> None:
    first = runs.start("first")
    runs_page.goto(runs.path)
    box = runs_page.locator("#q")
    box.fill("status = Runn")
    runs_page.get_by_label("Theme").click()
    runs_page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    runs.metric(first, 0.5)
    runs.end(first)
    look(runs_page)
    expect(box).to_have_value("status = Runn")
    expect(runs_page.get_by_role("button", name="Dark")).to_be_visible()
    assert runs_page.evaluate("String(getSelection())") != ""


def test_the_first_run_appears_without_a_reload(runs_page: Page, runs: Runs) -> None:
    runs_page.goto(runs.path)
    expect(runs_page.get_by_role("heading", name="No runs in")).to_be_visible()
    ways = runs_page.locator(".ways").get_by_role("region")
    boxes: list[Any] = [way.bounding_box() for way in ways.all()]
    assert len(boxes) == 3
    assert len({box["y"] for box in boxes}) == 1
    runs_page.set_viewport_size({"width": 360, "height": 800})
    boxes = [way.bounding_box() for way in ways.all()]
    assert len({box["x"] for box in boxes}) == 1
    runs_page.set_viewport_size({"width": 1280, "height": 800})
    runs.start("first")
    look(runs_page)
    expect(row(runs_page, "first")).to_be_visible()


def test_the_page_reports_an_unreachable_server_and_retries(
    runs_page: Page, runs: Runs, watch: Watch
) -> None:
    watch.expect("ERR_FAILED")
    first = runs.start("first")
    runs_page.goto(runs.path)
    dot = runs_page.locator("#live")
    expect(dot).to_have_text("Live")
    runs_page.route("**/*shown=*", lambda route: route.abort())
    runs_page.evaluate("dispatchEvent(new Event('online'))")
    expect(dot).to_have_text("Paused")
    expect(row(runs_page, "first")).to_be_visible()
    runs_page.unroute("**/*shown=*")
    runs.end(first)
    look(runs_page)
    expect(dot).to_have_text("Live")
    expect(row(runs_page, "first")).to_contain_text("Completed")


def test_without_changes_nothing_is_sent_or_redrawn(
    runs_page: Page, runs: Runs
) -> None:
    runs.end(runs.start("first"))
    runs_page.goto(runs.path)
    with runs_page.expect_response(lambda answer: "shown=" in answer.url) as response:
        runs_page.evaluate("dispatchEvent(new Event('online'))")
    assert response.value.status == 304


def test_the_snippets_of_an_empty_list_run_unchanged(
    runs_page: Page, runs: Runs, list_server: Server
) -> None:
    runs_page.goto(runs.path)
    programs = {"#snippet-4": [sys.executable, "-"], "#snippet-3": ["sh", "-e"]}
    scripts = {
        each: runs_page.locator(each).evaluate("it => it.textContent")
        for each in programs
    }
    environment = {**quiet_environment(), **list_server.environment}
    # The shell finds the `studio` of these tests.
    programs_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment["PATH"] = programs_path
    for number, (each, program) in enumerate(programs.items(), start=1):
        subprocess.run(
            program,
            input=scripts[each],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        look(runs_page)
        if number > 1:
            runs_page.get_by_role("button", name="1 new run").click()
        done = row(runs_page, "Completed")
        expect(done).to_have_count(number)
        expect(done.last).to_contain_text("0.25")


def test_a_list_without_active_runs_stops_polling_until_the_reader_returns(
    clock_page: Page, runs: Runs
) -> None:
    runs.end(runs.start("first"))
    clock_page.clock.install()
    clock_page.goto(runs.path)
    looks = looks_of(clock_page)
    clock_page.clock.fast_forward("06:00")
    expect(clock_page.locator("#live")).to_have_text("Idle")
    assert len(looks) == 1
    runs.start("second")
    clock_page.clock.fast_forward("01:00:00")
    assert len(looks) == 1
    clock_page.mouse.move(300, 300)
    expect(clock_page.get_by_role("button", name="1 new run")).to_be_visible()
    expect(clock_page.locator("#live")).to_have_text("Live")


def test_a_hidden_list_polls_rarely_and_stops_when_all_runs_have_ended(
    clock_page: Page, runs: Runs
) -> None:
    first = runs.start("first")
    clock_page.clock.install()
    clock_page.goto(runs.path)
    looks = looks_of(clock_page)
    hide(clock_page, hidden=True)
    clock_page.clock.fast_forward("00:50")
    assert not looks
    runs.end(first)
    clock_page.clock.fast_forward("00:20")
    expect(row(clock_page, "first")).to_contain_text("Completed")
    expect(clock_page.locator("#live")).to_have_text("Idle")
    with clock_page.expect_response(lambda answer: "shown=" in answer.url):
        hide(clock_page, hidden=False)
    expect(clock_page.locator("#live")).to_have_text("Live")


def looks_of(page: Page) -> list[str]:
    """Grows by the address of each look from now on."""
    found: list[str] = []
    page.on("request", lambda it: found.append(it.url) if "shown=" in it.url else None)
    return found


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            const now = {get: () => hidden, configurable: true};
            Object.defineProperty(document, "hidden", now);
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
