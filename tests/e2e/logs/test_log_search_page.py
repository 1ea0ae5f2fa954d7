"""The page of log search in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.list.test_axe import AXE, RUN, THEMES, resize
from tests.e2e.test_run_page import Writer, run

__all__ = ["run"]


def open_when_indexed(page: Page, address: str) -> None:
    """The worker indexes a log after its run ended."""
    while True:
        page.goto(address)
        if page.locator(".log-run").count():
            return
        page.wait_for_timeout(100)


def test_a_hit_of_the_log_search_leads_to_its_line(
    run: Writer, owner_page: Page
) -> None:
    word = f"needle{run.id[:8]}"
    text = "".join(f"line {number}\n" for number in range(1, 400))
    run.keep("logs/std_log.txt", f"{text}{word} <b>\n{text}".encode())
    run.call("runs/update", {"run_id": run.id, "status": "FINISHED", "end_time": 2})
    page = owner_page
    page.emulate_media(reduced_motion="reduce")
    open_when_indexed(page, f"{run.server.url}/w/default/logs/?q={word}")
    page.evaluate(AXE)
    for width in (1280, 360):
        for theme, options in THEMES.items():
            resize(page, width, theme)
            assert page.evaluate(RUN, options) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name=re.compile(f"400 ?{word} <b>")).click()
    expect(page.locator("#L400.marked")).to_be_in_viewport()
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.type("no such line")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No matching logs")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=no%20such%20line$"))
