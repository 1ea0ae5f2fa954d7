"""A real script that logs for a while, watched: the page moves without a reload."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

from playwright.sync_api import Page, expect

from tests.parts.server import Server

#: Longer by hand: `STUDIO_TEST_WATCHED=30` seconds.
SECONDS = float(os.environ.get("STUDIO_TEST_WATCHED", "8"))
SCRIPT = """
import sys, threading, time
from studio.sdk import Experiment, Workspace
run = Experiment(Workspace.from_config(), sys.argv[1]).start_logging(
    run_id=sys.argv[1], outputs=False, snapshot_directory=None)
print("started", flush=True)
told = threading.Event()
def listen():
    if sys.stdin.readline():
        told.set()
threading.Thread(target=listen, daemon=True).start()
begin, step = time.monotonic(), 0
while time.monotonic() - begin < float(sys.argv[2]) or not told.is_set():
    run.log("loss", 1 / (1 + step), step=step)
    step += 1
    time.sleep(0.2)
run.complete()
"""


#: Resolves when the chart has more points; the policy allows no text that is polled,
#: and an evaluation has no limit of its own.
MORE_THAN = """(before) => new Promise((resolve, reject) => {
    const end = performance.now() + 20_000;
    const look = () => {
        const count = document.querySelector(".plot")?.data?.[0]?.x?.length ?? 0;
        if (count > before) resolve(count);
        else if (performance.now() > end) reject(new Error(`Still ${count} points`));
        else setTimeout(look, 100);
    };
    look();
})"""


def test_a_running_script_is_watched_without_a_reload(
    owner_page: Page, server: Server
) -> None:
    name = f"watched-{uuid.uuid4().hex[:6]}"
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name, str(SECONDS)],
        env={**os.environ, **server.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert script.stdout is not None
        assert script.stdout.readline() == "started\n"
        watch(owner_page, f"{server.url}/w/default/runs/{name}/")
        assert script.stdin is not None
        script.stdin.write("end\n")
        script.stdin.close()
        page = owner_page
        expect(page.locator("#run-state")).to_contain_text("Completed", timeout=40_000)
        expect(page.get_by_label("Description in Markdown")).to_have_value("half a")
        assert page.evaluate("window.stays") is True
        assert script.wait(30) == 0
    finally:
        script.kill()


def watch(page: Page, address: str) -> None:
    page.goto(address)
    last = page.locator("#run-metrics-card td.number").first
    expect(last).to_be_visible(timeout=20_000)
    page.goto(f"{address}metrics/?key=loss")
    page.evaluate(MORE_THAN, page.evaluate(MORE_THAN, 0))
    page.goto(address)
    page.evaluate("window.stays = true")
    state = page.locator("#run-state")
    expect(state).to_contain_text("Running")
    took = state.inner_text()
    value = last.inner_text()
    page.locator("#run-description").get_by_role("link", name="Edit").click()
    page.get_by_label("Description in Markdown").fill("half a")
    page.locator("h2").first.click()
    expect(state).not_to_have_text(took)
    expect(last).not_to_have_text(value, timeout=20_000)
