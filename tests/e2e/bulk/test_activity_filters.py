"""The filters of the activity page: added, edited and removed without leaving it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.e2e.bulk.few_runs import SCRIPT
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server

#: The worker does the task of the new workspace.
TASK_MS = 30_000
SECOND_CHANGE = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.actions.run import rename_run
from runs.models import Member, Role, Run, now_ms
run = Run.objects.get(run_id="{name}-a")
owner = Member.objects.filter(role=Role.OWNER)[0].user
rename_run(run, "best", actor=Actor(owner), now=now_ms())
"""


@pytest.fixture
def activity(
    request: pytest.FixtureRequest,
    profiles: Profiles,
    watch: Watch,
    server: Server,
    owner_state: StorageState,
) -> Iterator[Page]:
    name = "timed" if "time" in request.node.name else "filtered"
    for script in (SCRIPT, SECOND_CHANGE):
        done = run_script(server.home, script.format(name=name))
        assert done.returncode == 0, done.stderr
    with profiles.page(watch, state=owner_state, base=server.url) as page:
        page.goto(f"/w/{name}/activity/")
        finished = page.locator(".activity-entry", has_text="tagged 5 runs")
        expect(finished.get_by_role("button", name="Undo")).to_be_visible(
            timeout=TASK_MS
        )
        yield page


def test_filters_are_added_edited_and_removed_on_the_page(activity: Page) -> None:
    page = activity
    lines, editor = page.locator(".activity-entry"), page.locator("#pill-editor")
    everything = lines.count()
    page.get_by_role("checkbox", name="Rename").click()
    expect(lines).to_have_count(1)
    # With keys: the field is found, and the value typed.
    page.locator("#add-filter").press("Enter")
    expect(page.locator("#editor-find")).to_be_focused()
    page.keyboard.type("display name")
    expect(editor.locator(".field-list a")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#editor-value-1")).to_be_focused()
    page.keyboard.type("nothing like this")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("No matching changes")
    expect(editor).to_be_hidden()
    page.get_by_role("link", name="Display name").first.click()
    expect(page.locator("#editor-value-1")).to_have_value("nothing like this")
    page.locator("#editor-value-1").fill("best")
    editor.get_by_role("button", name="Apply").click()
    # The choice next to the feed is kept.
    expect(lines).to_have_count(1)
    expect(page.get_by_role("checkbox", name="Rename")).to_be_checked()
    page.locator(".pill .remove").click()
    page.get_by_role("checkbox", name="Rename").click()
    expect(lines).to_have_count(everything)


def test_the_time_is_chosen_and_the_changed_runs_are_opened(activity: Page) -> None:
    page = activity
    page.locator(".pill.time summary").click()
    page.get_by_role("link", name="Last 7 days").click()
    expect(page.locator(".pill.time summary")).to_have_text("Changed: last 7 days")
    page.locator(".pill.time summary").click()
    page.get_by_role("link", name="Another time…").click()
    page.locator("#editor-value-1").fill("3")
    page.locator("#pill-editor").get_by_role("button", name="Apply").click()
    expect(page.locator(".pill.time summary")).to_have_text("Changed: last 3 days")
    page.get_by_role("link", name="to 5 runs").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.locator("#run-table tbody tr", has_text="best")).to_have_count(1)
