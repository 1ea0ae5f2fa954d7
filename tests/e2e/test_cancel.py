"""A member clicks *Cancel* in a real browser, and the script is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.parts.server import Server, kill_tree
from tests.parts.waiting import becomes
from tests.runner.launched import Launched, Shell

SLEEPS = """
import os, time
print("training", flush=True)
open("pid", "w").write(str(os.getpid()))
time.sleep(600)
"""
STUBBORN = f"""
import signal
for name in ("SIGINT", "SIGTERM"):
    signal.signal(signal.Signals[name], lambda *_: print("saving", flush=True))
{SLEEPS}
while True: time.sleep(1)
"""
BARE = """
import os, time
from studio.sdk import Experiment, Workspace
run = Experiment(Workspace.from_config(), "bare").start_logging(
    outputs=False, snapshot_directory=None)
open("run.new", "w").write(f"{run.id} {os.getpid()}")
os.rename("run.new", "run")
time.sleep(600)
"""


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(server, tmp_path)
    yield shell
    for process in shell.started:
        if process.poll() is None:
            kill_tree(process)


def click_cancel(page: Page, started: Launched) -> None:
    page.goto(f"{started.client.url}/w/default/runs/{started.run_id}/")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel run").click()


def ends_as_canceled(page: Page, started: Launched, pid: int) -> None:
    """The page shows it without a reload, and the process does not exist."""
    state = page.locator("#run-state")
    expect(state).to_contain_text("Canceled", timeout=30_000)
    assert started.wait() != 0
    assert not psutil.pid_exists(pid)


def test_cancel_stops_a_program_of_studio_run(shell: Shell, owner_page: Page) -> None:
    started = shell.python(SLEEPS)
    pid = int(started.wait_for("pid"))
    click_cancel(owner_page, started)
    owner_page.evaluate("window.stays = true")
    ends_as_canceled(owner_page, started, pid)
    card = owner_page.locator("#run-cancel-progress")
    expect(card.locator(".progress-steps li.done")).to_have_count(4)
    expect(card.locator(".signals li.done b")).to_have_text(["SIGINT"])
    expect(card.locator(".last-output")).to_contain_text("KeyboardInterrupt")
    assert owner_page.evaluate("window.stays") is True


def test_force_stop_ends_a_program_that_ignores_signals(
    shell: Shell, owner_page: Page
) -> None:
    started = shell.python(STUBBORN, "--terminate-after", "0.5", "--kill-after", "600")
    pid = int(started.wait_for("pid"))
    click_cancel(owner_page, started)
    card = owner_page.locator("#run-cancel-progress")
    expect(card.locator("[data-countdown]").last).to_be_visible(timeout=30_000)
    stop = card.get_by_role("button", name="Force stop")
    expect(stop).to_be_visible(timeout=30_000)
    expect(card.locator(".last-output")).to_contain_text("saving", timeout=30_000)
    stop.click()
    ends_as_canceled(owner_page, started, pid)


def test_cancel_stops_a_script_of_the_sdk(shell: Shell, owner_page: Page) -> None:
    shell.write("script.py", BARE)
    started = shell.start_python("script.py")
    run_id, pid = started.wait_for("run").split()
    owner_page.goto(f"{shell.client.url}/w/default/runs/{run_id}/")
    owner_page.get_by_role("link", name="Cancel").click()
    owner_page.get_by_role("button", name="Cancel run").click()
    state = owner_page.locator("#run-state")
    expect(state).to_contain_text("Canceled", timeout=30_000)
    assert started.wait() != 0
    assert not psutil.pid_exists(int(pid))
    card = owner_page.locator("#run-cancel-progress")
    expect(card.locator(".progress-steps li.done")).to_have_count(4)
    expect(card.locator(".signals li.done b")).to_have_text(["SIGINT"])


def test_a_run_without_heartbeats_can_only_be_marked(
    shell: Shell, owner_page: Page
) -> None:
    """Such as a script of MLflow that was started by hand."""
    run = shell.client.post("runs", {"experiment": "by hand"})
    owner_page.goto(f"{shell.client.url}/w/default/runs/{run['id']}/")
    owner_page.get_by_role("link", name="Cancel").click()
    sentence = "Nothing can stop this script from here"
    expect(owner_page.get_by_role("dialog")).to_contain_text(sentence)
    owner_page.get_by_role("button", name="Cancel run").click()
    card = owner_page.locator("#run-cancel-progress")
    expect(card).to_contain_text(sentence)
    card.get_by_role("button", name="Force").click()
    expect(owner_page.locator("#run-state")).to_contain_text("Canceled")
    assert becomes(lambda: shell.client.get(f"runs/{run['id']}")["ended"] is not None)
