"""Logs in a real browser: followed while a process writes them, linked, by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.e2e.test_run_page import Writer, run
from tests.parts.browser import Watch, new_context
from tests.parts.server import Server, kill_tree
from tests.runner.launched import Shell

__all__ = ["run"]

#: Prints a part of its lines for each file that the test creates.
TALKS = """
import os, time
for part in range(3):
    while not os.path.exists(f"go{part}"):
        time.sleep(0.02)
    for number in range(300):
        print(f"part {part} line {number}", flush=True)
while not os.path.exists("crash"):
    time.sleep(0.02)
raise RuntimeError("out of luck")
"""
LINES = ".log-lines .line"
IS_AT_END = """() => {
  const box = document.querySelector(".log-lines-box");
  return box.scrollHeight - box.scrollTop - box.clientHeight < 30;
}"""

TOOLS = """() => {
  const tools = document.querySelectorAll(".log-tools :is(.tool, .select, label)");
  const shown = [...tools]
    .filter((each) => each.checkVisibility() && !each.closest(".menu-body"))
    .map((each) => each.getBoundingClientRect());
  const rows = new Set(shown.map((box) => Math.round((box.top + box.bottom) / 2)));
  const link = document.querySelector(".log-lines .line:last-child a");
  const text = document.createRange();
  text.selectNodeContents(link);
  const [at, cell] = [text, link.parentElement].map((it) => it.getBoundingClientRect());
  const fits = at.left >= 4 && at.right <= cell.right;
  return `${rows.size} rows, ${fits ? "with room" : "cut"}`;
}"""


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(server, tmp_path)
    yield shell
    for process in shell.started:
        if process.poll() is None:
            kill_tree(process)


def last_line(page: Page) -> Locator:
    return page.locator(LINES).last


def is_at_end(page: Page) -> None:
    page.wait_for_function(IS_AT_END)


def test_a_live_log_is_followed_until_the_reader_scrolls_up(
    shell: Shell, owner_page: Page
) -> None:
    started = shell.python(TALKS)
    (shell.folder / "go0").touch()
    page = owner_page
    page.goto(f"{shell.client.url}/w/default/runs/{started.run_id}/files/")
    expect(last_line(page)).to_contain_text("part 0 line 299", timeout=20_000)
    page.evaluate("window.stays = true")
    (shell.folder / "go1").touch()
    expect(last_line(page)).to_contain_text("part 1 line 299", timeout=20_000)
    is_at_end(page)
    page.locator(".log-lines-box").hover()
    page.mouse.wheel(0, -900)
    follow = page.locator("[data-follow]")
    expect(follow).to_have_attribute("aria-pressed", "false")
    (shell.folder / "go2").touch()
    news = page.get_by_role("button", name="300 new lines")
    news.click(timeout=20_000)
    expect(last_line(page)).to_contain_text("part 2 line 299")
    expect(follow).to_have_attribute("aria-pressed", "true")
    # What matches is followed, too.
    page.get_by_label("Search this file").fill("RuntimeError")
    page.locator("[name=only]").check(force=True)
    expect(page.get_by_text("No line matches.")).to_be_visible()
    (shell.folder / "crash").touch()
    expect(last_line(page)).to_contain_text("RuntimeError: out", timeout=20_000)
    # Line 901 has the traceback that has come since the page was opened.
    expect(page.get_by_role("link", name="RuntimeError at line 901")).to_be_visible(
        timeout=20_000
    )
    expect(page.locator(LINES)).to_have_count(2)
    expect(page.get_by_text("No line matches.")).to_be_hidden()
    is_at_end(page)
    assert page.evaluate("window.stays") is True


def keep_lines(run: Writer, count: int, path: str = "logs/std_log.txt") -> None:
    text = "".join(f"line {number}\n" for number in range(1, count + 1))
    run.keep(path, text.encode())


def test_a_log_that_is_replaced_shows_the_new_one(
    run: Writer, owner_page: Page
) -> None:
    keep_lines(run, 900)
    owner_page.goto(f"{run.page}files/")
    expect(last_line(owner_page)).to_contain_text("line 900")
    run.keep("logs/std_log.txt", b"the new one\n")
    expect(owner_page.locator(LINES)).to_have_text([re.compile("the new one")])
    expect(owner_page.get_by_text("This file was replaced")).to_be_visible()
    expect(owner_page.locator(".log-size")).to_contain_text("1 line,")


def test_a_line_has_a_link_that_leads_back_to_it(run: Writer, owner_page: Page) -> None:
    keep_lines(run, 30_000)
    page = owner_page
    page.goto(f"{run.page}files/")
    expect(last_line(page)).to_contain_text("line 30000")
    page.evaluate("document.querySelector('.log-lines-box').scrollTop = 240_000")
    middle = page.locator("#L12010")
    middle.locator("> span").click()
    page.locator("#L12013 > span").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"#L12010-L12013$"))
    expect(page.get_by_text("Lines 12,010 to 12,013")).to_be_visible()
    address = page.url
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Lines copied")).to_be_visible()
    lines = [f"line {number}" for number in range(12_010, 12_014)]
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied[:-1] == lines
    assert copied[-1].endswith("files/?path=logs/std_log.txt#L12010-L12013")
    page.goto("about:blank")
    page.goto(address)
    expect(middle).to_be_in_viewport()
    expect(page.locator(f"{LINES}.marked")).to_have_count(4)
    # Only a window of the lines is loaded.
    assert page.locator(LINES).count() < 2000


def test_lines_are_loaded_in_both_directions(run: Writer, owner_page: Page) -> None:
    keep_lines(run, 9000)
    owner_page.goto(f"{run.page}files/#L4000")
    expect(owner_page.locator("#L4000")).to_be_in_viewport()
    box = owner_page.locator(".log-lines-box")
    for move, wanted in ((-3200, "#L3700"), (9000, "#L4300")):
        box.evaluate("(box, by) => box.scrollBy(0, by)", move)
        expect(owner_page.locator(wanted)).to_be_attached()
    numbers = owner_page.evaluate(
        f"[...document.querySelectorAll('{LINES}')].map((one) => +one.id.slice(1))"
    )
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_keys_go_to_the_ends(run: Writer, owner_page: Page) -> None:
    keep_lines(run, 5000)
    owner_page.goto(f"{run.page}files/")
    expect(owner_page.locator("#L5000")).to_be_in_viewport()
    owner_page.keyboard.press("g")
    expect(owner_page.locator("#L1")).to_be_in_viewport()
    owner_page.keyboard.press("G")
    expect(owner_page.locator("#L5000")).to_be_in_viewport()
    owner_page.keyboard.press("/")
    expect(owner_page.locator("#log-find")).to_be_focused()


def test_a_log_fits_on_a_phone(
    browser: Browser, run: Writer, owner_state: StorageState, watch: Watch
) -> None:
    keep_lines(run, 900)
    context = new_context(browser, watch, state=owner_state, width=360)
    page = context.new_page()
    page.goto(f"{run.page}files/")
    expect(last_line(page)).to_contain_text("line 900")
    # The list of files is behind a button, and closes when a file is chosen.
    tree, button = page.locator("#run-tree"), page.locator("[data-side]")
    expect(tree).to_be_hidden()
    button.click()
    tree.get_by_role("link", name="std_log.txt").click()
    expect(tree).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Wrap").click()
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    context.close()


def test_a_log_is_read_without_a_script(
    browser: Browser, run: Writer, owner_state: StorageState
) -> None:
    keep_lines(run, 900)
    context = browser.new_context(java_script_enabled=False, storage_state=owner_state)
    page = context.new_page()
    page.goto(f"{run.page}files/")
    expect(last_line(page)).to_contain_text("line 900")
    page.get_by_role("link", name="Earlier lines").click()
    expect(last_line(page)).to_contain_text("line 600")
    page.get_by_role("link", name="First lines").click()
    expect(page.locator(LINES).first).to_contain_text("line 1")
    context.close()


def test_on_a_phone_the_tools_of_a_log_have_two_rows_and_numbers_have_room(
    browser: Browser, run: Writer, owner_state: StorageState
) -> None:
    run.keep("user_logs/std_log.txt", b"a line\n" * 120_000)
    context = new_context(browser, Watch(), state=owner_state, width=360)
    page = context.new_page()
    page.goto(f"{run.page}files/?path=user_logs/std_log.txt")
    number = last_line(page).locator("a").first
    expect(number).to_have_text("120,000", timeout=20_000)
    assert page.evaluate(TOOLS) == "2 rows, with room"
    page.locator(".log-actions summary").click()
    expect(page.get_by_role("link", name="Compare with another log")).to_be_visible()
    context.close()
