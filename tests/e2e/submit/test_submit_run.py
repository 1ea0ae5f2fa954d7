"""Runs from the browser: a target, an agent, a run, again, a sweep, a cancel."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from studio.sdk.client import Client
from tests.agent.cluster import Cluster
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

#: A run starts two Python processes, on a machine with other work.
PATIENCE = 60_000
SCRIPT = """
import argparse, time

parser = argparse.ArgumentParser()
parser.add_argument("--text")
parser.add_argument("--seconds", type=float, default=0)
given = parser.parse_args()
print("the text is", given.text, flush=True)
time.sleep(given.seconds)
"""


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[Cluster]:
    """The name of a target that the test itself adds, with an agent's token."""
    owner = Client(server.url, owner_token(server.home, {}), "default")
    target = f"browser-{uuid.uuid4().hex[:8]}"
    cluster = Cluster(server, tmp_path, owner, target, "")
    yield cluster
    cluster.end()


def add_target_and_agent(page: Page, cluster: Cluster) -> None:
    page.goto(f"{cluster.server.url}/w/default/compute/")
    page.locator("#compute").get_by_role("link", name="Add target").first.click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Name").fill(cluster.target)
    dialog.get_by_role("button", name="Add target").click()
    row = page.locator("tbody", has_text=cluster.target)
    expect(row).to_contain_text("No agent", timeout=PATIENCE)
    row.get_by_label(f"Actions for {cluster.target}").click()
    row.get_by_role("link", name="Add agent").click()
    page.locator("dialog[open]").get_by_role("button", name="Create token").click()
    command = page.locator("#new-agent-command").inner_text()
    assert f"--compute {cluster.target}" in command
    cluster.agent_token = re.findall(r"STUDIO_TOKEN=(\S+)", command)[0]
    cluster.start_agent("--slots", "2")
    # The page shows it without a reload.
    expect(row).to_contain_text("0 of 2 slots", timeout=PATIENCE)


def project(folder: Path) -> Path:
    """A folder with a script, and with what no snapshot contains."""
    place = folder / "project"
    (place / ".git").mkdir(parents=True)
    (place / ".git" / "config").write_text("left out")
    (place / "notes.csv").write_text("left out")
    (place / ".gitignore").write_text("*.csv\n")
    (place / "say.py").write_text(SCRIPT)
    return place


def submit_new_run(page: Page, cluster: Cluster) -> None:
    page.goto(f"{cluster.server.url}/w/default/runs/")
    page.locator("#new-run").click()
    page.locator("#folder").set_input_files(project(cluster.folder))
    expect(page.locator("#script")).to_have_value("say.py", timeout=PATIENCE)
    expect(page.locator("#upload-state")).to_contain_text("2 files")
    page.locator("#target").select_option(cluster.target)
    page.locator("#experiment").fill("browser")
    page.locator("#name").fill("first")
    page.locator("#add-argument").click()
    page.locator(".argument-row .pair-name").fill("--text")
    page.locator(".argument-row .pair-value").fill("it's two words")
    command = page.locator("#terminal-command")
    expect(command).to_contain_text("submit-script", timeout=PATIENCE)
    page.locator("#submit-button").click()


def expect_status(page: Page, status: str) -> None:
    expect(page.locator("#run-state .status")).to_have_text(status, timeout=PATIENCE)


def test_a_run_is_started_followed_resubmitted_swept_and_canceled(
    cluster: Cluster, owner_page: Page
) -> None:
    page = owner_page
    add_target_and_agent(page, cluster)
    submit_new_run(page, cluster)
    heading = page.get_by_role("heading", name="first")
    expect(heading).to_be_visible(timeout=PATIENCE)
    expect_status(page, "Completed")
    page.get_by_role("link", name="Outputs + logs").click()
    line = page.get_by_text("the text is it's two words")
    expect(line).to_be_visible(timeout=PATIENCE)

    # Again, with two values of the argument.
    page.get_by_role("link", name="Resubmit").click()
    page.locator("[data-sweep-row]").click()
    page.locator(".sweep-row .chip-input").fill("other")
    page.locator(".sweep-row .chip-input").press("Enter")
    page.locator("#name").fill("sweep {text}")
    expect(page.locator(".sweep-row .chip").first).to_have_text("it's two words")
    submit = page.locator("#submit-button")
    expect(submit).to_have_text(re.compile("Submit 2 runs"), timeout=PATIENCE)
    submit.click()
    rows = page.locator("#run-table tbody tr")
    expect(rows).to_have_count(2, timeout=PATIENCE)
    expect(rows.filter(has_text="Completed")).to_have_count(2, timeout=PATIENCE)

    # A long one, which is canceled.
    rows.get_by_role("link", name="sweep other").click()
    page.get_by_role("link", name="Resubmit").click()
    page.locator("#add-argument").click()
    page.locator(".argument-row .pair-name").last.fill("--seconds")
    page.locator(".argument-row .pair-value").last.fill("600")
    expect(page.locator(".argument-row .was").last).to_have_text("new")
    page.locator("#submit-button").click()
    expect_status(page, "Running")
    page.locator("#run-toolbar").get_by_role("link", name="Cancel").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancel run").click()
    expect_status(page, "Canceled")


def test_the_shown_command_submits_the_same_run(
    server: Server, owner_page: Page
) -> None:
    owner = Client(server.url, owner_token(server.home, {}), "default")
    run = f"shown-{uuid.uuid4().hex[:8]}"
    definition = {"command": ["echo"], "arguments": ["--lr", "1", "--note", "it's\n2"]}
    body = {"id": run, "experiment": "shown", "name": "shown", "definition": definition}
    owner.post("runs", {**body, "status": "Completed", "target": "local"})

    owner_page.goto(f"{server.url}/w/default/runs/{run}/resubmit/")
    owner_page.locator(".argument-row .pair-value").first.fill("a 'b'")
    command = owner_page.locator("#terminal-command")
    expect(command).to_contain_text("--set", timeout=PATIENCE)
    studio = f'studio() {{ {sys.executable} -m studio.cli "$@"; }}'
    done = subprocess.run(
        ["bash", "-c", f"{studio}\n{command.inner_text()} --async"],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    newest = owner.get("runs?q=experiment:shown&rows=25")["runs"][0]["run"]["id"]
    submitted = owner.get(f"runs/{newest}/definition")["definition"]
    assert newest != run
    assert submitted["command"] == ["echo"]
    assert submitted["arguments"] == ["--lr", "a 'b'", "--note", "it's\n2"]
    owner.post(f"runs/{newest}/cancel", {})
