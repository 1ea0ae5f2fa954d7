"""Tasks with few clicks: to the end of a failed run's log, and from charts to logs."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.e2e.list.live.held import Held
from tests.e2e.test_run_page import Writer, run
from tests.parts.waiting import becomes

__all__ = ["run"]

CRASH = """step 1
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    raise RuntimeError("out of luck")
RuntimeError: out of luck
cleaning up
"""
NOON_MS = 1_793_534_400_000


def fail(run: Writer) -> None:
    run.keep("logs/std_log.txt", (("before\n" * 900) + CRASH).encode())
    run.call("runs/update", {"run_id": run.id, "status": "FAILED", "end_time": 2})


def test_two_clicks_from_the_list_to_the_last_line(
    run: Writer, owner_page: Page
) -> None:
    fail(run)
    page = owner_page
    page.goto(f"{run.server.url}/w/default/runs/?q=status:Failed")
    page.locator(f"a[data-row-link][href*='{run.id}']").first.click()
    page.get_by_role("link", name="Outputs + logs").click()
    expect(page.get_by_text("cleaning up")).to_be_in_viewport()


def test_the_error_of_a_run_leads_to_its_traceback(
    run: Writer, owner_page: Page
) -> None:
    fail(run)
    page = owner_page
    page.goto(run.page)
    page.locator("#run-error").get_by_role("link", name="Open the log").click()
    traceback = page.locator("#L902")
    expect(traceback).to_be_in_viewport()
    expect(traceback).to_have_class(re.compile("marked"))
    # The later of two jumps counts, also if the response to the first is late.
    held = Held(page, lambda request: "line=1&" in f"{request.url}&")
    page.keyboard.press("g")
    held.wait(1)
    page.get_by_role("link", name="RuntimeError at line 902").click()
    expect(traceback).to_be_in_viewport()
    held.answer(held.routes[0])
    page.evaluate("new Promise((done) => setTimeout(done))")
    expect(traceback).to_be_in_viewport()


def test_a_log_is_searched_to_its_first_line(run: Writer, owner_page: Page) -> None:
    lines = [f"line {number}" for number in range(1, 5001)]
    for number in (10, 2500, 4990):
        lines[number - 1] += " needle-3"
    run.keep("logs/std_log.txt", "\n".join(lines).encode())
    page = owner_page
    page.goto(f"{run.page}files/")
    page.keyboard.press("/")
    page.keyboard.type("needle-3")
    expect(page.locator(".log-place")).to_have_text("3 of 3")
    expect(page.get_by_text("3 lines match")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#L10")).to_be_in_viewport()
    page.evaluate("document.querySelector('.log').stays = true")
    page.locator(".log-hit").nth(1).click()
    expect(page.locator("#L2500")).to_be_in_viewport()
    for key, number in (("n", 4990), ("N", 2500), ("N", 10)):
        page.locator(".log-lines-box").press(key)
        expect(page.locator(f"#L{number}")).to_be_in_viewport()
    # The viewer is still the same one.
    assert page.evaluate("document.querySelector('.log').stays") is True
    page.get_by_label("Show only matching lines").check(force=True)
    expect(page.locator(".log-lines .line")).to_have_count(3)


def test_one_click_from_a_point_to_its_line_and_back(
    run: Writer, owner_page: Page
) -> None:
    stamps = [NOON_MS + 1000 * step for step in range(600)]
    text = "".join(
        f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%dT%H:%M:%SZ} step {step}\n"
        for step, time in enumerate(stamps)
    )
    run.keep("logs/std_log.txt", text.encode())
    points = [
        {"key": "loss", "value": 9.0 if n == 300 else 1.0, "timestamp": time, "step": n}
        for n, time in enumerate(stamps)
    ]
    run.call("runs/log-batch", {"run_id": run.id, "metrics": points})
    page = owner_page
    page.goto(f"{run.page}metrics/")
    plot = page.locator(".plot")
    expect(plot.locator(".main-svg").first).to_be_visible()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    # The middle of 600 steps is the spike.
    page.mouse.move(box["x"] + box["width"] * 300 / 599, box["y"] + 12)
    expect(plot.locator(".hoverlayer .legend")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    line = page.locator(".line.marked")
    expect(line).to_contain_text("step 300")
    expect(line).to_be_in_viewport()
    page.get_by_role("link", name="Show in charts").click()
    expect(page).to_have_url(re.compile(rf"metrics/\?moment={stamps[300]}$"))
    expect(page.locator(".plot .shapelayer path")).to_have_count(1, timeout=15_000)


def test_one_query_groups_the_runs_whose_log_says_it_by_host(
    run: Writer, owner_page: Page
) -> None:
    word = f"CUDA out of memory {run.id[:8]}"
    for number in range(4):
        each = Writer(run.server)
        body = {"experiment_id": "0", "start_time": time.time_ns() // 1_000_000}
        each.id = each.call("runs/create", body)["run"]["info"]["run_id"]
        host = {"key": "studio.host", "value": f"gpu-{number // 2}"}
        each.call("runs/set-tag", {"run_id": each.id, **host})
        text = "all is well\n" if number == 3 else f"RuntimeError: {word}\n"
        each.keep("user_logs/std_log.txt", ("step\n" * 50 + text).encode())
        each.call("runs/update", {"run_id": each.id, "status": "FAILED", "end_time": 2})
    page = owner_page
    page.goto(f"{run.server.url}/w/default/runs/?group=host")
    page.locator("#q").fill(f'log:"{word}" created:-7d')
    page.locator("#q").press("Enter")
    expect(page).to_have_url(re.compile("q=log"))

    def counts() -> list[list[str]]:
        # The worker indexes a log after its run ended.
        page.reload()
        rows = page.locator(".group-row").all_inner_texts()
        return [row.split()[1:3] for row in rows]

    assert becomes(lambda: counts() == [["gpu-0", "2"], ["gpu-1", "1"]])
    page.get_by_role("link", name="Runs of host: gpu-0").click()
    expect(page.locator("[data-row-link]")).to_have_count(2)
