"""Charts of a list over long curves in Chromium: from the click to the lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import numpy as np
from django.db import transaction
from playwright.sync_api import Browser, Page

from runs.models import Metric
from runs.storage.metrics.chunked_store import store
from runs.storage.metrics.points import Points
from tests.bench.report import Report
from tests.parts.browser import Watch, new_context
from tests.parts.server import Server
from tests.parts.signing_in import sign_in
from tests.parts.wire import Connection

LIST = "/w/default/experiments/long/"
CHART = "line!metrics.loss"
START = 1_795_000_000_000
#: That all lines are drawn, of a chart of this text.
DRAWN = """([text, count]) => {
  const cards = [...document.querySelectorAll(".chart")];
  const card = cards.find((each) => each.dataset.text === text);
  return card && card.querySelectorAll(".plot .js-line").length >= count;
}"""
ZOOMED = """() => {
  const { data, _fullLayout } = document.querySelector(".plot");
  const [low, high] = _fullLayout?.xaxis.range ?? [0, 0];
  const xs = data?.find((trace) => trace.meta.part === "line").x;
  return xs && xs[0] > low - 9 && xs.at(-1) < high + 9 && high - low < 900_000;
}"""


def fill(server: Server, runs: int, points: int) -> None:
    """Create runs with this number of points each, without the slower API."""
    link = Connection(server)
    for number in range(runs):
        body = {"id": f"long-{number}", "experiment": "long", "started": START}
        link.rest("POST", "/runs", body)
        first = [{"key": "loss", "value": 4.0, "step": 0, "time": START}]
        batch = {"writer": "w", "sequence": 1, "points": first}
        link.rest("POST", f"/runs/long-{number}/metrics", batch)
        link.rest("POST", f"/runs/long-{number}/status", {"status": "Completed"})
        chance = np.random.default_rng(number)
        steps = np.arange(1, points, dtype=np.int64)
        values = 4 * np.exp(-steps / points * 3) + chance.random(points - 1) / 5
        values[chance.integers(points - 1)] = 9.0
        head = Metric.objects.get(run__run_id=f"long-{number}")
        curve = Points(
            steps, START + steps * 100, values, np.zeros(points - 1, np.bool_)
        )
        with transaction.atomic():
            store.append(head, curve)


def measure(
    browser: Browser, server: Server, report: Report, *, runs: int, repeats: int
) -> None:
    context = new_context(browser, Watch(), state=sign_in(browser, server))
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{server.url}{LIST}")
    figure = f"{server.url}/w/default/list/charts/figure/?in=1&chart={quote(CHART)}"
    answer = timed(lambda: page.request.get(figure, timeout=60_000).body(), repeats)
    report.add(f"figure of {runs} runs, HTTP", ms=answer)
    first = added(page, runs)
    report.add("first chart, from the click to its lines", "1,000 ms", ms=first)
    weights = [f"{0.5 + step / 100:g}" for step in range(repeats)]
    smoothed = [changed(page, weight, runs) for weight in weights]
    report.add("redrawn, smoothed again", "1,000 ms", ms=median(smoothed))
    report.add("zoomed to a tenth of it", "1,000 ms", ms=zoomed(page))
    context.close()


def added(page: Page, runs: int) -> float:
    page.get_by_role("link", name="Add chart").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Field 1", exact=True).fill("loss")
    return until(
        page, dialog.get_by_role("button", name="Add chart").click, CHART, runs
    )


def changed(page: Page, weight: str, runs: int) -> float:
    page.get_by_role("link", name="Edit chart").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Smoothing").fill(weight)
    press = dialog.get_by_role("button", name="Change chart").click
    return until(page, press, f"{CHART}!smooth={weight}", 2 * runs)


def until(page: Page, press: Callable[[], None], text: str, lines: int) -> float:
    begun = time.perf_counter()
    press()
    page.wait_for_function(DRAWN, arg=[text, lines], polling=20)
    return (time.perf_counter() - begun) * 1000


def zoomed(page: Page) -> float:
    box = page.locator(".plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 82, steps=3)
    begun = time.perf_counter()
    page.mouse.up()
    page.wait_for_function(ZOOMED, polling=20)
    return (time.perf_counter() - begun) * 1000


def timed(work: Callable[[], object], repeats: int) -> float:
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return median(found)


def median(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]
