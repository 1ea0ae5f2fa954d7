"""The run list in a real browser: what the script adds to the plain page."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.parts.browser import Watch
from tests.parts.server import Server


def call(server: Server, path: str, body: dict[str, Any]) -> Any:
    """An MLflow call, as a client makes it."""
    request = urllib.request.Request(
        f"{server.url}/w/default/api/2.0/mlflow/{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {server.token}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def start_run(server: Server, name: str) -> str:
    body = {"experiment_id": "0", "run_name": name, "start_time": 1}
    run_id: str = call(server, "runs/create", body)["run"]["info"]["run_id"]
    return run_id


@pytest.fixture
def name() -> str:
    return f"live-{uuid.uuid4().hex[:8]}"


def open_list(page: Page, server: Server, q: str = "") -> None:
    page.goto(f"{server.url}/w/default/runs/")
    box = page.locator("#q")
    box.fill(q)
    box.press("Enter")


def test_an_unfinished_run_refreshes_by_itself(
    server: Server, owner_page: Page, name: str
) -> None:
    run = start_run(server, name)
    open_list(owner_page, server, name)
    row = owner_page.locator("#run-table tbody tr")
    expect(row).to_have_count(1)
    expect(row.get_by_text("Running")).to_be_visible()
    box = owner_page.locator("#q")
    box.fill("half a thought")
    call(server, "runs/update", {"run_id": run, "status": "FINISHED", "end_time": 9})
    expect(row.get_by_text("Completed")).to_be_visible(timeout=15_000)
    expect(box).to_have_value("half a thought")
    expect(box).to_be_focused()


def test_a_wrong_filter_is_underlined_while_the_rows_stay(
    server: Server, owner_page: Page, name: str, watch: Watch
) -> None:
    watch.expect("422")
    start_run(server, name)
    open_list(owner_page, server, name)
    rows = owner_page.locator("#run-table tbody tr")
    expect(rows).to_have_count(1)
    box = owner_page.locator("#q")
    box.fill("metrics.acc > high")
    box.press("Enter")
    note = owner_page.get_by_role("alert")
    expect(note).to_contain_text("Expected a number")
    expect(note.locator("mark")).to_have_text("high")
    expect(rows).to_have_count(1)
    box.fill(name)
    expect(note.locator("mark")).to_have_count(0)


def test_the_back_button_restores_the_list(
    server: Server, owner_page: Page, name: str
) -> None:
    start_run(server, name)
    open_list(owner_page, server, name)
    page = owner_page
    expect(page.locator("#run-table tbody tr")).to_have_count(1)
    page.locator("#run-table td.state a").first.click()
    box = page.locator("#q")
    expect(box).not_to_have_value(name)
    expect(page.locator(".pill")).to_have_count(2)
    page.go_back()
    expect(box).to_have_value(name)
    expect(page.locator(".pill")).to_have_count(1)


def test_links_of_a_list_swap_rows_and_are_prepared_by_their_first_use(
    server: Server, owner_page: Page, name: str
) -> None:
    start_run(server, name)
    open_list(owner_page, server, name)
    status = owner_page.locator("#run-table tbody td.state a.value")
    expect(status).to_have_count(1)
    owner_page.evaluate("document.documentElement.dataset.samePage = 1")
    expect(owner_page.locator("#run-table a[hx-boost=true]")).to_have_count(0)
    status.focus()
    owner_page.keyboard.press("Enter")
    expect(owner_page.locator(".pill")).to_have_count(2)
    owner_page.locator(".pill .remove").last.click()
    expect(owner_page.locator(".pill")).to_have_count(1)
    expect(owner_page.locator("html")).to_have_attribute("data-same-page", "1")
    owner_page.go_back()
    expect(owner_page.locator(".pill")).to_have_count(2)
    owner_page.locator("#run-table [data-row-link]").click()
    expect(owner_page.locator("#run-title")).to_be_visible()
    expect(owner_page.locator("html")).not_to_have_attribute("data-same-page", "1")


def test_a_star_is_kept_after_a_reload(
    server: Server, owner_page: Page, name: str
) -> None:
    start_run(server, name)
    open_list(owner_page, server, name)
    expect(owner_page.locator("#run-table tbody tr")).to_have_count(1)
    owner_page.get_by_role("button", name="Star", exact=True).click()
    expect(owner_page.get_by_role("button", name="Remove the star")).to_be_visible()
    owner_page.reload()
    expect(owner_page.get_by_role("button", name="Remove the star")).to_be_visible()


def test_a_star_keeps_the_focus(server: Server, owner_page: Page, name: str) -> None:
    run_id = start_run(server, name)
    experiment = "/w/default/experiments/~0/"
    for address, which in (
        ("/w/default/experiments/", "main .star"),
        (f"/w/default/runs/{run_id}/", "main .star"),
        (experiment, "h1 ~ span .star"),
        (experiment, "#run-table .star"),
    ):
        owner_page.goto(server.url + address)
        star = owner_page.locator(which).first
        before = star.get_attribute("aria-pressed") or ""
        star.press("Enter")
        expect(star).not_to_have_attribute("aria-pressed", before)
        expect(star).to_be_focused()
    ids = owner_page.locator(".star").evaluate_all("all => all.map(each => each.id)")
    assert len(set(ids)) == len(ids) >= 3


def test_parts_without_scripts_are_hidden_and_names_are_readable(
    server: Server, owner_page: Page
) -> None:
    owner_page.goto(f"{server.url}/w/default/runs/")
    expect(owner_page.get_by_role("button", name="Apply")).to_have_count(0)
    switcher = owner_page.locator(".switcher summary")
    expect(switcher).to_have_accessible_name("Workspace: default")


def test_the_list_does_not_scroll_sideways_on_a_phone(
    server: Server, owner_page: Page, name: str
) -> None:
    run = start_run(server, name)
    for metric in ("loss/" + 80 * "x", "accuracy/" + 80 * "x"):
        body = {"run_id": run, "key": metric, "value": 1, "timestamp": 1, "step": 1}
        call(server, "runs/log-metric", body)
    owner_page.set_viewport_size({"width": 360, "height": 740})
    columns = f"&columns=metrics.loss/{80 * 'x'},metrics.accuracy/{80 * 'x'}"
    owner_page.goto(f"{server.url}/w/default/runs/?q={name}{columns}")
    expect(owner_page.locator("[data-row-link]")).to_have_count(1)
    expect(owner_page.locator("[data-row-link]")).to_have_text(name)
    expect(owner_page.locator("[data-row-link]")).to_be_visible()
    width = owner_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
