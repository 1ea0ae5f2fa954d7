"""A retention rule in the browser: its dry run comes true, and is undone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.parts.manage import run_script
from tests.parts.server import Server
from tests.parts.wire import Connection

#: The worker's task on the day after tomorrow.
APPLY = """
import django
django.setup()
from runs.actions.retention import apply_retention_rules
from runs.models import now_ms
print(apply_retention_rules(now_ms() + 2 * 86_400_000))
"""


def log_runs(server: Server) -> None:
    link = Connection(server)
    for name in ("old", "older", "kept"):
        tags = {"keep": ""} if name == "kept" else {}
        body = {"experiment": "aging", "name": name, "id": name, "tags": tags}
        link.rest("POST", "/runs", {**body, "status": "Completed"})
        path = f"/api/v1/workspaces/default/runs/{name}/files/last.pt"
        link.ask("PUT", path, b"x" * 2000)


def test_a_dry_run_comes_true_and_is_undone(owner_page: Page, server: Server) -> None:
    log_runs(server)
    page = owner_page
    page.goto(f"{server.url}/w/default/storage/")
    card = page.locator("#retention")
    card.get_by_label("Delete").select_option("runs")
    card.locator("#retention-rule").fill("experiment:aging -tag:keep")
    card.get_by_role("button", name="Dry run").click()
    plan = card.locator("#retention-plan")
    expect(plan).to_contain_text("2 runs")
    card.get_by_role("link", name="Show the list").click()
    listed = page.locator(".dry-run-table tbody tr")
    expect(listed).to_have_count(2)
    page.get_by_role("link", name="Back to the rule").click()
    card.get_by_role("button", name="Save rule").click()
    expect(page.locator(".toast", has_text="Rule saved")).to_be_visible()
    expect(card.locator(".retention-rule")).to_contain_text("nothing deleted yet")
    done = run_script(server.home, APPLY)
    assert done.stdout.strip() == "2", done.stderr
    page.goto(f"{server.url}/w/default/experiments/aging/")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.goto(f"{server.url}/w/default/activity/")
    entry = page.locator(".activity-entry", has_text="A retention rule of").first
    expect(entry).to_contain_text("2 runs")
    entry.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").first).to_be_visible()
    page.goto(f"{server.url}/w/default/experiments/aging/")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    # Switched off and deleted, the rule comes back with *Undo*.
    page.goto(f"{server.url}/w/default/storage/")
    card.get_by_role("switch").click()
    expect(card.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    card.locator(".retention-rule summary").click()
    card.get_by_role("button", name="Delete").click()
    expect(card.locator(".retention-rule")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(card.locator(".retention-rule")).to_have_count(1)
