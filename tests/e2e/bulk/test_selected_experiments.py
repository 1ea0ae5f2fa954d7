"""Experiments are selected on several pages, tagged, deleted and restored."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server

SCRIPT = """
import django; django.setup()
from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.models import Member, Role, Workspace, now_ms
workspace = Workspace.objects.create(name="many")
owner = Member.objects.filter(role=Role.OWNER)[0].user
Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
for n in range(30):
    create_experiment(workspace, f"e{n:02}", actor=Actor(owner), now=now_ms())
"""
PLACE = "/w/many/experiments/"
#: The first answers of a new server take long on a busy machine.
SLOW_MS = 20_000


@pytest.fixture
def listed(
    profiles: Profiles, watch: Watch, server: Server, owner_state: StorageState
) -> Iterator[Page]:
    done = run_script(server.home, SCRIPT)
    assert done.returncode == 0, done.stderr
    with profiles.page(watch, state=owner_state, base=server.url) as page:
        page.goto(f"{PLACE}?sort=name&rows=25")
        yield page


def test_experiments_of_two_pages_are_tagged_deleted_and_restored(listed: Page) -> None:
    page = listed
    tray, toasts = page.locator("#experiment-tray"), page.locator("#toasts")
    expect(tray).to_be_hidden()
    page.get_by_role("checkbox", name="Select e03").check()
    page.get_by_role("checkbox", name="Select e05").click(modifiers=["Shift"])
    expect(tray).to_contain_text("3 selected")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("checkbox", name="Select e03")).to_have_count(0)
    page.get_by_role("checkbox", name="Select e28").check()
    expect(tray).to_contain_text("4 selected, 3 on other pages")
    page.locator("#tray-tag").click()
    page.locator("#bulk-add").fill("team: nlp")
    page.locator("#bulk-add").press("Enter")
    page.get_by_role("button", name="Change 4 experiments").click()
    expect(toasts).to_contain_text("Tags of 4 experiments changed", timeout=SLOW_MS)
    expect(tray).to_be_hidden()
    page.goto(f"{PLACE}?q=tag:team&sort=name")
    page.locator("[data-pick-page]").check()
    page.locator("#tray-delete").click()
    page.get_by_role("button", name="Delete 4 experiments").click()
    expect(toasts).to_contain_text("4 experiments moved", timeout=SLOW_MS)
    expect(page.locator(".experiments")).to_have_count(0)
    toasts.get_by_role("button", name="Undo").click()
    rows = page.locator(".experiments tbody tr")
    expect(rows).to_have_count(4, timeout=SLOW_MS)
    expect(rows.first).to_contain_text(re.compile("e03"))
