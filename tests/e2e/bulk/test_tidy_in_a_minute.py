"""1,000 runs are tidied, and all of it is undone, with few clicks and keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.e2e.bulk.thousand_runs import SCRIPT, WORKSPACE
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server

MAX_CLICKS_AND_KEYS = 40
#: The browser counts what a person's hands do, so that no test can forget to.
COUNT = """
for (const type of ["pointerdown", "keydown"])
  addEventListener(type, (event) => { if (event.isTrusted) used(type); }, true);
"""


@pytest.fixture
def hands(
    profiles: Profiles, watch: Watch, server: Server, owner_state: StorageState
) -> Iterator[tuple[Page, list[str]]]:
    """A page of the owner's, and the clicks and keys that were used on it."""
    done = run_script(server.home, SCRIPT)
    assert done.returncode == 0, done.stderr
    used: list[str] = []
    with profiles.page(watch, state=owner_state, base=server.url) as page:
        page.expose_function("used", lambda kind: used.append(kind))  # noqa: PLW0108
        page.add_init_script(COUNT)
        yield page, used


def stored(page: Page) -> dict[str, tuple[str | None, ...]]:
    """All runs that are not in the trash, with what the test changes."""
    columns = "id,name,experiment,tags.ok,tags.stage"
    query = f"?children=1&columns={columns}&format=json"
    answer = page.request.get(f"/w/{WORKSPACE}/runs/{query}")
    rows = answer.json()["rows"]
    return {
        run["id"]: tuple(run.get(name) for name in columns.split(",")[1:])
        for run in rows
    }


def toast(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def select_experiment(page: Page, name: str, count: int) -> None:
    page.locator("#run-table").get_by_role("link", name=name, exact=True).last.click()
    select_matching(page, count)


def select_matching(page: Page, count: int) -> None:
    expect(page.locator(".pages .soft")).to_contain_text(f" {count} ")
    page.get_by_role("checkbox", name="Select all rows on this page").click()
    if count > 50:
        page.get_by_role("button", name=f"Select all {count} matching runs").click()
    expect(page.locator("#selection-bar")).to_contain_text(f"{count} selected")


def tag_300(page: Page) -> None:
    select_experiment(page, "digits", 300)
    page.locator("#tray-tag").click()
    expect(page.locator("#bulk-add")).to_be_focused()
    page.keyboard.type("ok")
    page.get_by_role("button", name="Change 300 runs").click()
    toast(page, "Tags of 300 runs changed")


def rename_40(page: Page) -> None:
    page.locator("#pick-none").click()
    page.get_by_role("link", name="Failed: 40").click()
    select_matching(page, 40)
    page.locator("#tray-rename").click()
    expect(page.locator("#bulk-pattern")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("!")
    expect(page.get_by_role("cell", name="digits!").first).to_be_visible()
    page.keyboard.press("Enter")
    toast(page, "40 runs renamed")


def move_sweep(page: Page) -> None:
    page.get_by_role("link", name="All runs").click()
    page.get_by_role("checkbox", name="Select sweep", exact=True).click()
    page.locator("#tray-move").click()
    expect(page.locator("#bulk-to")).to_be_focused()
    page.keyboard.type("2025")
    expect(page.get_by_text("60 child runs move with their root")).to_be_visible()
    page.keyboard.press("Enter")
    toast(page, "61 runs moved")


def delete_200(page: Page) -> None:
    page.get_by_role("link", name="All runs").click()
    select_experiment(page, "old", 200)
    page.locator("#tray-delete").click()
    page.get_by_role("button", name="Delete 200 runs").click()
    toast(page, "200 runs moved to the trash")


def see_yesterday_and_undo_all(page: Page) -> None:
    page.get_by_role("link", name="Activity").click()
    lines = page.locator(".activity-entry")
    expect(lines).to_have_count(6)
    page.get_by_role("checkbox", name="jonas").click()
    expect(page.locator(".activity-day")).to_contain_text(["Yesterday"])
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("jonas renamed 3 runs in old")
    expect(lines.last).to_contain_text("jonas tagged 25 runs in rest")
    page.get_by_role("checkbox", name="jonas").click()
    expect(lines).to_have_count(6)
    for line in lines.all():
        line.get_by_role("button", name="Undo").click()
        expect(line.get_by_role("button", name="Redo")).to_be_visible()


def test_a_thousand_runs_are_tidied_and_everything_is_undone(
    hands: tuple[Page, list[str]],
) -> None:
    page, used = hands
    before = stored(page)
    renamed = [run for run, values in before.items() if "again" in str(values[0])]
    drafts = [run for run, values in before.items() if values[3] == "draft"]
    assert (len(before), len(renamed), len(drafts)) == (1_000, 3, 25)
    page.goto(f"/w/{WORKSPACE}/runs/")
    for step in (tag_300, rename_40, move_sweep, delete_200):
        step(page)
    tidied = list(stored(page).values())
    assert len(tidied) == 800
    assert sum(experiment == "2025" for _name, experiment, *_tags in tidied) == 61
    assert sum(name == "digits!" for name, *_rest in tidied) == 40
    see_yesterday_and_undo_all(page)
    assert stored(page) == {
        **before,
        **dict.fromkeys(renamed, ("old", "old", None, None)),
        **dict.fromkeys(drafts, ("rest", "rest", None, None)),
    }
    assert len(used) <= MAX_CLICKS_AND_KEYS, used
