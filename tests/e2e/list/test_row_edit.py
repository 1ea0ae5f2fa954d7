"""Names and tags edited in the rows of the list, while it goes on by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.parts.browser import Watch
from tests.parts.server import Server
from tests.parts.wire import Connection


@pytest.fixture
def name(list_server: Server) -> Iterator[str]:
    """A run of an experiment of its own."""
    link, name = Connection(list_server), f"row-{uuid.uuid4().hex[:8]}"
    made = link.rest("POST", "/experiments", {"name": "rows"})
    body = {"experiment": "rows", "name": name, "id": name, "started": 1}
    link.rest("POST", "/runs", body)
    yield name
    link.rest("DELETE", f"/experiments/{made['id']}")


def test_a_row_is_edited_in_place(
    runs_page: Page, list_server: Server, watch: Watch, name: str
) -> None:
    watch.expect("status of 422")
    page, link = runs_page, Connection(list_server)
    page.goto("/w/default/experiments/rows/")
    row = page.locator("tr[data-row]").filter(has=page.locator(f"[data-id={name}]"))
    row.locator("[data-row-link]").focus()
    page.keyboard.press("e")
    box = row.get_by_label("Display name")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(row.locator("[data-row-link]")).to_be_focused()
    row.hover()
    row.get_by_label("Rename").click()
    expect(box).to_be_focused()
    box.fill("half a na")
    page.locator("h1").click()
    link.rest("POST", f"/runs/{name}/status", {"status": "Completed"})
    expect(row).to_contain_text("Completed", timeout=15_000)
    expect(box).to_have_value("half a na")
    link.rest("PATCH", f"/runs/{name}", {"name": "theirs"})
    box.press("Enter")
    expect(row.get_by_role("alert")).to_contain_text("theirs")
    box.fill("a whole name")
    box.press("Enter")
    expect(row.locator("[data-row-link]")).to_have_text("a whole name")
    expect(row.locator("[data-row-link]")).to_be_focused()
    page.keyboard.press("t")
    tag = row.get_by_label("Tag of a whole name")
    tag.fill("seed: 7")
    tag.press("Enter")
    expect(row.locator(".chip")).to_contain_text("7")
    page.keyboard.press("t")
    row.get_by_role("button", name="Remove the tag seed").click()
    expect(row.locator(".chip")).to_have_count(0)
    expect(row.locator("[data-row-link]")).to_be_focused()
    page.keyboard.press("z")
    expect(row.locator(".chip")).to_contain_text("7")
    row.locator(".star").click()
    expect(row.locator(".star")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    expect(row.locator(".star")).to_have_attribute("aria-pressed", "false")
