"""Dialogs, background tasks and activity with keys alone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, StorageState, expect

from tests.e2e.bulk.few_runs import SCRIPT
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server

#: The worker does the task of the new workspace.
TASK_MS = 30_000


@pytest.fixture
def place(request: pytest.FixtureRequest, server: Server) -> str:
    name = "keys" if "key" in request.node.name else "plain"
    done = run_script(server.home, SCRIPT.format(name=name))
    assert done.returncode == 0, done.stderr
    return f"/w/{name}"


@pytest.fixture
def visit(
    profiles: Profiles,
    watch: Watch,
    server: Server,
    owner_state: StorageState,
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    scripts = "key" in request.node.name
    state, base = owner_state, server.url
    with profiles.page(watch, state=state, base=base, scripts=scripts) as page:
        yield page


def stored(page: Page, place: str) -> dict[str, list[str | None]]:
    """All runs that are not in the trash: name, experiment, two tags, lock."""
    columns = "name,experiment,tags.stage,tags.seen"
    query = f"?children=1&columns=id,{columns}&format=json"
    rows = page.request.get(f"{place}/runs/{query}").json()["rows"]
    return {
        run["id"].partition("-")[2]: [run.get(name) for name in columns.split(",")]
        for run in rows
    }


def toast(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def press(target: Locator, key: str = "Enter") -> None:
    """As someone who has moved to it with Tab."""
    target.focus()
    expect(target).to_be_focused()
    target.page.keyboard.press(key)


def wait_for_task(page: Page, place: str) -> None:
    page.goto(f"{place}/tasks/")
    for _each in range(TASK_MS // 1000):
        if page.get_by_text("Done", exact=True).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(page.locator("#tasks").inner_text())


def tag_and_rename_by_keys(page: Page) -> None:
    press(page.locator("#tray-tag"))
    field = page.locator("#bulk-add")
    expect(field).to_be_focused()
    page.keyboard.type("stage: x")
    page.keyboard.press("Enter")
    # Collected, and the next one can be typed.
    expect(page.locator("#bulk-new-1")).to_be_checked()
    expect(field).to_be_focused()
    seen = page.locator("#bulk-dialog .bulk-tag", has_text="seen").locator(".pick-box")
    press(seen, "Space")
    expect(seen).to_have_attribute("aria-checked", "false")
    expect(page.locator(".bulk-changes li")).to_have_count(2)
    press(page.get_by_role("button", name="Change 2 runs"))
    toast(page, "Tags of 2 runs changed")
    press(page.locator("#tray-rename"))
    expect(page.locator("#bulk-pattern")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("{name}-{number}")
    expect(page.get_by_role("cell", name=re.compile(r"^a-\d$"))).to_be_visible()
    page.keyboard.press("Enter")
    toast(page, "2 runs renamed")


def move_lock_and_delete_by_keys(page: Page, place: str) -> None:
    press(page.locator("#tray-move"))
    expect(page.locator("#bulk-to")).to_be_focused()
    page.keyboard.type("other")
    expect(page.get_by_text("will be created")).to_be_visible()
    page.keyboard.press("Enter")
    toast(page, "2 runs moved")
    press(page.locator(".tray-end summary"))
    press(page.locator("#tray-lock"))
    lock = page.get_by_role("button", name="Lock 2 runs")
    expect(lock).to_be_visible()
    expect(page.locator(".tray details[open]")).to_have_count(0)
    press(lock)
    toast(page, "2 runs locked")
    page.goto(f"{place}/runs/?selected={place[3:]}-sweep")
    press(page.locator("#tray-delete"))
    dialog = page.locator("#bulk-dialog")
    expect(dialog).to_contain_text("with their 2 child runs")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    press(page.locator("#tray-delete"))
    press(dialog.get_by_role("checkbox"), "Space")
    expect(page.get_by_role("button", name="Delete 1 run")).to_be_visible()
    press(dialog.get_by_role("checkbox"), "Space")
    press(page.get_by_role("button", name="Delete 3 runs"))
    toast(page, "3 runs moved to the trash")


def test_all_of_it_works_with_keys_alone(visit: Page, place: str) -> None:
    page = visit
    wait_for_task(page, place)
    page.goto(f"{place}/runs/?sort=name")
    for _each in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#selection-bar")).to_contain_text("2 selected")
    tag_and_rename_by_keys(page)
    move_lock_and_delete_by_keys(page, place)
    found = stored(page, place)
    assert set(found) == {"a", "b"}
    assert str(found["a"][0]).startswith("a-")
    assert found["a"][1:] == ["other", "x", None]
    page.goto(f"{place}/activity/")
    lines = page.locator(".activity-entry")
    expect(lines).to_have_count(6)
    press(page.get_by_role("checkbox", name="Delete, restore"))
    expect(lines).to_have_count(1)
    press(lines.get_by_role("button", name="Undo"))
    expect(lines.get_by_role("button", name="Redo")).to_be_visible()
    assert set(stored(page, place)) == {"a", "b", "sweep", "c0", "c1"}
    page.goto(f"{place}/tasks/")
    press(page.get_by_role("button", name="Undo: Tag runs"))
    # Two of the runs lost the tag since and are locked: the answer says so.
    answer = page.locator("#undo-dialog[open], #toasts [data-text]").first
    expect(answer).to_be_visible()


def test_all_of_it_works_without_scripts(visit: Page, place: str) -> None:
    page, name = visit, place[3:]
    wait_for_task(page, place)
    page.goto(f"{place}/runs/?selected={name}-a,{name}-b")
    page.locator("#tray-tag").click()
    page.locator("#bulk-add").fill("stage: x")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#bulk-new-1")).to_be_checked()
    page.get_by_label("seen").select_option("remove")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".bulk-changes li")).to_have_count(2)
    page.get_by_role("button", name="Change 2 runs").click()
    toast(page, "Tags of 2 runs changed")
    page.locator("#tray-rename").click()
    page.locator("#bulk-pattern").fill("{name}!")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("cell", name="a!")).to_be_visible()
    page.get_by_role("button", name="Rename 2 runs").click()
    toast(page, "2 runs renamed")
    page.locator("#tray-move").click()
    page.locator("#bulk-to").fill("other")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Move 2 runs").click()
    toast(page, "2 runs moved")
    page.locator(".tray-end summary").click()
    page.locator("#tray-lock").click()
    page.get_by_role("button", name="Lock 2 runs").click()
    toast(page, "2 runs locked")
    page.goto(f"{place}/runs/?selected={name}-sweep")
    page.locator("#tray-delete").click()
    page.get_by_role("button", name="Delete 3 runs").click()
    toast(page, "3 runs moved to the trash")
    changed = ["other", "x", None]
    assert stored(page, place) == {"a": ["a!", *changed], "b": ["b!", *changed]}
    page.goto(f"{place}/activity/")
    page.get_by_role("checkbox", name="Delete, restore").click()
    line = page.locator(".activity-entry")
    expect(line).to_have_count(1)
    line.get_by_role("button", name="Undo").click()
    expect(line.get_by_role("button", name="Redo")).to_be_visible()
    assert set(stored(page, place)) == {"a", "b", "sweep", "c0", "c1"}
