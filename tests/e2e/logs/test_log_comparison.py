"""Two logs side by side in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_run_page import Writer, run

__all__ = ["run"]

ARE_AT = """(number) => [
  ...document.querySelectorAll(".log-lines-box")
].every((box) => {
  const top = box.getBoundingClientRect().top;
  const row = [...box.querySelectorAll(".line[id]")].find(
    (each) => each.getBoundingClientRect().bottom > top + 1);
  return row?.id.slice(1) === number;
})"""


def keep_log(run: Writer, name: str, count: int) -> None:
    text = "".join(f"step {number} of {name}\n" for number in range(1, count + 1))
    run.keep("logs/std_log.txt", text.encode())


def wait_for_positions(page: Page, number: str) -> None:
    page.wait_for_function(ARE_AT, arg=number)


def test_two_logs_scroll_and_are_searched_as_one(run: Writer, owner_page: Page) -> None:
    other, page = Writer(run.server), owner_page
    Writer(run.server)
    keep_log(run, "first", 30_000)
    keep_log(other, "second", 20_000)
    page.goto(f"{run.page}files/")
    page.get_by_role("link", name="Compare with another log").click()
    page.get_by_placeholder("Name, id or filter").fill(other.id)
    offered = page.locator("#compare-offer a")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("href", re.compile(other.id))
    offered.click()
    panes = page.locator(".log-pane")
    expect(panes).to_have_count(2)
    left, right = panes.all()
    expect(right.locator("#r1 mark")).to_have_text("second")
    for side in ("left", "right"):
        box = page.locator(f"[data-side={side}] .log-lines-box")
        box.evaluate("(box) => { box.scrollTop = 240_004; }")
        wait_for_positions(page, "12000")
        page.locator(".log-lines-box").first.press("g")
        wait_for_positions(page, "1")
    page.keyboard.press("/")
    page.keyboard.type("step 15000")
    expect(left.locator(".log-place")).to_have_text("1 of 1")
    expect(right.locator(".log-place")).to_have_text("1 of 1")
    expect(left.locator("#l15000")).to_be_in_viewport()
    expect(right.locator("#r15000")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"q=step\+15000&line=15000"))
    page.reload()
    expect(page.locator("#r15000.marked")).to_be_in_viewport()
    page.locator(".log-lines-box").first.press("G")
    expect(page.locator("#l30000")).to_be_in_viewport()
    # The other log has ended there.
    expect(right.locator(".filler").last).to_be_in_viewport()


def test_only_the_errors_of_two_logs_are_next_to_each_other(
    run: Writer, owner_page: Page
) -> None:
    other, page = Writer(run.server), owner_page
    levels = ["ERROR" if number % 500 == 7 else "INFO" for number in range(30_000)]
    text = "".join(f"{level}: step {n}\n" for n, level in enumerate(levels))
    ended = append(run, 0, text)
    append(other, 0, "a head\n" + text)
    runs = f"run={run.id}&run={other.id}"
    page.goto(f"{run.server.url}/w/default/compare/logs/?{runs}&align=content")
    page.get_by_label("Level").select_option(label="Errors")
    left, right = page.locator(".log-pane").all()
    expect(page.locator(".line[id]")).to_have_count(120)
    expect(right.locator("#r509")).to_be_in_viewport()
    expect(left.locator("#l508")).to_be_in_viewport()
    page.keyboard.press("/")
    page.keyboard.type("step 29507")
    page.locator(".log-only").click()
    # Searches that run at the same time take turns.
    expect(page.locator(".line[id]")).to_have_count(2, timeout=15_000)
    expect(page).to_have_url(re.compile("q=step\\+29507&level=error&only=1"))
    page.get_by_label("Search both logs").fill("nothing")
    expect(left.locator(".log-note")).to_have_text("No line matches.", timeout=15_000)
    # New lines that match appear, others don't.
    page.get_by_label("Search both logs").fill("step 99")
    append(run, ended, "INFO: step 99\nERROR: step 99 of the first\n")
    news = left.locator(".line[id]")
    expect(news).to_have_text(re.compile("of the first$"), timeout=15_000)


def append(run: Writer, offset: int, text: str) -> int:
    root = f"{run.server.url}/api/v1/workspaces/default/runs/{run.id}/files"
    data = text.encode()
    run._send(f"{root}/logs/std_log.txt?offset={offset}", "PATCH", data)
    return offset + len(data)


def test_new_lines_of_both_logs_appear_at_their_end(
    run: Writer, owner_page: Page
) -> None:
    other, page = Writer(run.server), owner_page
    steps = "".join(f"step {number}\n" for number in range(400))
    first = append(run, 0, steps)
    second = append(other, 0, f"a head\n{steps}step")
    runs = f"run={run.id}&run={other.id}"
    address = f"{run.server.url}/w/default/compare/logs/?{runs}&align=content&end=1"
    page.goto(address)
    expect(page.locator("#r402")).to_have_text(re.compile("step$"))
    append(other, second, " 400\nonly here\n")
    # The unfinished line is replaced, and the last row stays visible.
    expect(page.locator("#r402")).to_have_text(re.compile("step 400$"))
    expect(page.locator("#r403")).to_be_in_viewport()
    first = append(run, first, "step 400\n")
    expect(page.locator("#l401")).to_have_text(re.compile("step 400$"))
    # By line number, the end of the shorter log is above the last row.
    append(other, second + len(" 400\nonly here\n"), "more\n" * 40)
    page.goto(address.replace("align=content", "align=line"))
    expect(page.locator("#r443")).to_be_in_viewport()
    append(run, first, "step 401\n")
    expect(page.locator("#l402")).to_have_text(re.compile("step 401$"))
    expect(page.locator("#r443")).to_be_in_viewport()
    expect(page.locator("#r402")).to_have_count(1)


def test_two_logs_are_stacked_on_a_phone(run: Writer, owner_page: Page) -> None:
    keep_log(run, "first", 400)
    run.keep("logs/other.txt", b"a\nb\n")
    page = owner_page
    page.set_viewport_size({"width": 360, "height": 780})
    address = f"{run.server.url}/w/default/compare/logs/?run={run.id}"
    page.goto(f"{address}&to=logs/other.txt")
    boxes = [pane.bounding_box() for pane in page.locator(".log-pane").all()]
    first, second = boxes
    assert first is not None
    assert second is not None
    assert second["y"] >= first["y"] + first["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
