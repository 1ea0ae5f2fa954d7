"""What a team does each day takes few clicks and keys, beginning at *All runs*."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.e2e.team.team_runs import SCRIPT, WORKSPACE
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server

#: The browser counts what a person's hands do. A double click is one; the letters of a
#: typed word are not counted.
COUNT = """
addEventListener("mousedown", (event) => {
  if (event.isTrusted && event.detail === 1) used("click");
}, true);
addEventListener("keydown", (event) => {
  const letter = event.key.length === 1 && event.target.matches("input, textarea");
  if (event.isTrusted && !letter) used(event.key);
}, true);
"""


@pytest.fixture(scope="session")
def team(server: Server) -> str:
    done = run_script(server.home, SCRIPT)
    assert done.returncode == 0, done.stderr
    return f"/w/{WORKSPACE}/runs/"


@pytest.fixture
def hands(
    profiles: Profiles,
    watch: Watch,
    server: Server,
    owner_state: StorageState,
    team: str,
) -> Iterator[tuple[Page, list[str]]]:
    """The page *All runs*, and the clicks and keys that were used on it."""
    used: list[str] = []
    # These hands click on while a slow server still answers the click before, and the
    # page that this answer is for is left.
    watch.expect("htmx:oobErrorNoTarget, #view-bar")
    with profiles.page(watch, state=owner_state, base=server.url) as page:
        page.expose_function("used", lambda kind: used.append(kind))  # noqa: PLW0108
        page.add_init_script(COUNT)
        page.goto(team)
        yield page, used


def values(page: Page, column: str, query: str) -> dict[str, str]:
    """What the runs that match have in the column, by display name."""
    options = {"children": "1", "flat": "1", "format": "json", "q": query}
    options["columns"] = f"name,{column}"
    answer = page.request.get(f"/w/{WORKSPACE}/runs/", params=dict(options))
    return {row["name"]: row[column.replace('"', "")] for row in answer.json()["rows"]}


def test_the_best_run_of_a_sweep(hands: tuple[Page, list[str]]) -> None:
    page, used = hands
    sweep = values(page, "id", 'name:"gpt-125m sweep 2"').popitem()[1]
    found = values(page, 'metrics."val/acc"', f"parent:{sweep}")
    best = max(found, key=lambda name: float(found[name]))
    page.get_by_role("link", name="gpt-125m sweep 2", exact=True).click()
    page.get_by_role("link", name="Child runs 40").click()
    # The trophies stand at the best values of metrics with a goal.
    column = page.locator("th", has_text="val/acc").evaluate("th => th.cellIndex")
    marked = page.locator(f"td.best:nth-child({column + 1})")
    page.locator("tr", has=marked).locator(".name a[data-row-link]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(best)
    assert len(used) <= 3, used


def test_a_run_by_a_remembered_word(hands: tuple[Page, list[str]]) -> None:
    page, used = hands
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("50B")
    found = page.get_by_role("option", name="gpt-125m tokens=50B, long one")
    found.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tokens=50B")
    assert len(used) <= 2, used


def test_what_changed_since_yesterday(hands: tuple[Page, list[str]]) -> None:
    page, used = hands
    page.get_by_role("link", name="Activity").click()
    expect(page.locator(".activity-day").first).to_contain_text(
        re.compile("Today|Yesterday")
    )
    assert len(used) <= 2, used


def test_mean_and_deviation_of_five_seeds(hands: tuple[Page, list[str]]) -> None:
    page, used = hands
    page.get_by_role("link", name="cifar10-resnet", exact=True).first.click()
    expect(page.locator(".table-tools")).to_contain_text("120")
    page.get_by_role("link", name="Group by").click()
    editor = page.locator("#pill-editor")
    expect(editor.locator("input[type=search]").first).to_be_focused()
    page.keyboard.type("setting")
    editor.get_by_role("link", name=re.compile("^setting")).click()
    page.locator(".group-table th").get_by_label("Sort groups by val/acc").click()
    page.get_by_role("link", name="Mean", exact=True).click()
    page.wait_for_url(re.compile("experiment.*mean"))
    best = page.locator("#run-table tbody tr").first
    expect(best).to_contain_text("±")
    expect(best.locator("a.value").first).to_have_text("5")
    assert len(used) <= 5, used


def test_resubmitting_with_another_learning_rate(
    hands: tuple[Page, list[str]],
) -> None:
    page, used = hands
    page.get_by_role("link", name="nightly baseline", exact=True).click()
    page.get_by_role("link", name="Resubmit").first.click()
    page.locator(".argument-row .pair-field input").first.dblclick()
    page.keyboard.type("0.03")
    page.get_by_role("button", name="Submit run").click()
    expect(page.get_by_text("--lr 0.03").first).to_be_visible()
    assert len(used) <= 4, used
