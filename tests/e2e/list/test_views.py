"""Two people and one view: arranged, shared, changed, compared, restored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.parts.browser import Profiles, Watch, new_context
from tests.parts.manage import manage
from tests.parts.server import Server
from tests.parts.wire import Connection

DIGITS = "/w/default/experiments/digits/"
STATE = (
    "q=params.epochs >= 200&sort=-metrics.acc&columns=name,status,metrics.acc"
    "&charts=line!metrics.acc&selected=digits-46,digits-44&rows=25"
)


@pytest.fixture(scope="module")
def ben_state(browser: Browser, list_server: Server) -> StorageState:
    """The cookies of a contributor of the same workspace."""
    said = manage(list_server.home, "member", "ben", "--role", "contributor")
    found = re.search(r"http://\S+/sign-in/link/\S+", said.stdout)
    assert found, said.stdout + said.stderr
    context = new_context(browser, Watch())
    page = context.new_page()
    page.goto(found[0])
    page.get_by_role("button").first.click()
    page.wait_for_url(lambda address: "/w/" in address)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def bens_page(
    profiles: Profiles, watch: Watch, list_server: Server, ben_state: StorageState
) -> Iterator[Page]:
    with profiles.page(watch, state=ben_state, base=list_server.url) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


@pytest.fixture(autouse=True)
def no_view_stays(list_server: Server) -> Iterator[None]:
    """The views that a test made are gone after it."""
    yield
    link = Connection(list_server)
    for view in link.rest("GET", "/views")["views"]:
        link.rest("DELETE", f"/views/{view['slug']}")


def shown(page: Page) -> dict[str, Any]:
    """What a reader sees of a list, and what its address says."""
    expect(page.locator("[data-row-link]").first).to_be_visible()
    heads = page.locator("#run-table th[data-column]")
    address = re.sub(r"&view=[^&]*", "", page.url.partition("?")[2])
    return {
        "rows": page.locator("[data-row-link]").all_text_contents(),
        "columns": [head.get_attribute("data-column") for head in heads.all()],
        "sorted": page.locator("#run-table th[aria-sort]").all_text_contents(),
        "selection": page.locator("tr.chosen [data-row-link]").all_text_contents(),
        "address": address,
    }


def save_menu(page: Page) -> Any:
    page.locator(".view-bar summary.tool", has_text="Save").click()
    return page.locator(".view-bar .menu[open]")


def arrange_and_save(ada: Page, ben: Page) -> str:
    """One arranges and saves; only she can open it."""
    ada.goto(f"{DIGITS}?{STATE}")
    expect(ada.locator("[data-row-link]").first).to_have_text("digits-46")
    save_menu(ada).get_by_role("link", name="Save as…").click()
    dialog = ada.get_by_role("dialog", name="Save as new view")
    expect(dialog.get_by_label("Name")).to_be_focused()
    ada.keyboard.type("Sweep review")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(ada.locator("#view-name")).to_have_text("Sweep review")
    expect(ada.locator(".view-bar .changed")).to_have_count(0)
    found = re.search(r"[?&]view=(\w{10})\.1", ada.url)
    assert found
    slug = found[1]
    assert ben.goto(f"/v/{slug}/").status == 404  # type: ignore[union-attr]
    return slug


def share(ada: Page, ben: Page, link: str) -> None:
    """She shares it, copies its link; he opens that and sees the same."""
    ada.locator(".view-bar summary", has_text="Share view").click()
    ada.get_by_role("button", name="Share with default").click()
    ada.get_by_role("button", name="Share view").click()
    expect(ada.locator("#toasts")).to_contain_text("Link copied")
    copied = ada.evaluate("navigator.clipboard.readText()")
    assert copied == link
    ben.goto(copied)
    expect(ben.locator("#view-name")).to_have_text("Sweep review")
    assert shown(ben) == shown(ada)
    assert shown(ben)["selection"]
    assert "charts=line!metrics.acc" in ben.url


def change_and_save(ben: Page) -> None:
    """He changes the filter and the columns; that is told, and saved."""
    ben.locator("#q").fill("params.epochs >= 200 and status:failed")
    ben.keyboard.press("Enter")
    changed = ben.locator(".view-bar summary.changed")
    expect(changed).to_have_text("changed: +1 filter")
    changed.click()
    expect(ben.locator(".view-bar .view-lines")).to_contain_text("status:Failed")
    ben.keyboard.press("Escape")
    save_menu(ben).get_by_role("button", name="Save", exact=True).click()
    expect(ben.locator("#toasts")).to_contain_text("Saved Sweep review")
    expect(ben.locator(".view-bar .changed")).to_have_count(0)


def meet_the_change(ada: Page, ben: Page) -> None:
    """She had changed it too: she is shown his change, and chooses to look."""
    ada.locator("#run-table th", has_text="Display name").get_by_role(
        "link"
    ).first.click()
    # A poll can bring the notice before the list is sorted.
    expect(ada.locator(".view-bar summary.changed")).to_be_visible()
    expect(ada.locator(".view-bar")).to_contain_text("changed by someone else")
    save_menu(ada).get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text(
        "was changed by someone else"
    )
    theirs = ada.locator(".card", has_text="Changed by ben")
    expect(theirs).to_contain_text("status:Failed")
    ada.get_by_role("link", name="Discard mine").click()
    assert shown(ada)["rows"] == shown(ben)["rows"]


def restore(ada: Page, ben: Page, slug: str) -> None:
    """She sees whose change it was, in words, and brings hers back."""
    ada.locator("[data-view-menu] > summary").click()
    menu = ada.locator("#view-menu")
    expect(menu.get_by_role("searchbox")).to_be_focused()
    menu.get_by_role("link", name="2 versions").click()
    newest = ada.locator(".view-versions > li").first
    expect(newest).to_contain_text("ben")
    expect(newest).to_contain_text("+1 filter")
    ada.locator(".view-versions > li").nth(1).get_by_role(
        "button", name="Restore"
    ).click()
    expect(ada.locator("#toasts")).to_contain_text("Version 1 restored")
    ben.goto(f"/v/{slug}/")
    expect(ben.locator(".view-bar .changed")).to_have_count(0)
    assert "status" not in ben.locator("#q").input_value()


def find_and_rename(ada: Page, ben: Page, slug: str) -> None:
    """Found in the menu by a word, renamed; the link stays."""
    ada.goto("/w/default/runs/")
    ada.locator("[data-view-menu] > summary").click()
    expect(ada.locator("#view-find")).to_be_focused()
    ada.keyboard.type("sweep rev")
    expect(ada.locator(".view-choices .menu-item")).to_have_count(1)
    ada.keyboard.press("Enter")
    expect(ada.locator("#view-name")).to_have_text("Sweep review")
    ada.get_by_role("link", name="Edit view").click()
    ada.get_by_role("dialog").get_by_label("Name").fill("Renamed")
    ada.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(ada.locator("#view-name")).to_have_text("Renamed")
    ada.keyboard.press("z")
    expect(ada.locator("#toasts")).to_contain_text("Undone")
    ben.goto(f"/v/{slug}/")
    expect(ben.locator("#view-name")).to_have_text("Sweep review")


def delete_and_undo(ada: Page, ben: Page, slug: str) -> None:
    """Deleted, it is nowhere, and comes back by the toast."""
    ada.get_by_role("link", name="Edit view").click()
    ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ada.locator("#toasts")).to_contain_text("Deleted")
    assert ben.goto(f"/v/{slug}/").status == 404  # type: ignore[union-attr]
    ada.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(ada.locator("#toasts")).to_contain_text("Undone")
    assert ben.goto(f"/v/{slug}/").status == 200  # type: ignore[union-attr]


def test_two_people_share_a_view(
    runs_page: Page, bens_page: Page, list_server: Server, watch: Watch
) -> None:
    watch.expect("422")
    watch.expect("404")
    ada, ben = runs_page, bens_page
    ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    slug = arrange_and_save(ada, ben)
    share(ada, ben, f"{list_server.url}/v/{slug}/")
    change_and_save(ben)
    meet_the_change(ada, ben)
    restore(ada, ben, slug)
    find_and_rename(ada, ben, slug)
    delete_and_undo(ada, ben, slug)


def test_views_are_saved_without_scripts(plain_page: Page) -> None:
    page = plain_page
    page.goto(f"{DIGITS}?q=status:failed")
    page.locator(".view-bar summary", has_text="Save").click()
    page.get_by_role("link", name="Save as…").click()
    page.get_by_label("Name").fill("Plain")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#view-name")).to_have_text("Plain")
    before = page.locator("[data-row-link]").all_text_contents()
    slug = re.search(r"view=(\w+)\.1", page.url)
    assert slug
    page.goto(f"/v/{slug[1]}/")
    page.wait_for_url(re.compile(r"/experiments/digits/\?"))
    assert page.locator("[data-row-link]").all_text_contents() == before
    page.locator("[data-view-menu] > summary").click()
    page.get_by_role("link", name="All views").click()
    expect(page.get_by_role("link", name="Plain")).to_be_visible()


def test_a_view_is_shared_and_managed_on_a_phone(
    phone_page: Page, list_server: Server
) -> None:
    page = phone_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sent = {"name": "Pocket", "state": {"q": "status:failed"}}
    slug = Connection(list_server).rest("POST", "/views", sent)["slug"]
    page.goto(f"/v/{slug}/")
    page.locator("[data-view-menu] > summary").click()
    for name in ("1 version", "Edit view", "Manage views"):
        link = page.locator(".view-foot").get_by_role("link", name=name)
        expect(link).to_be_in_viewport(ratio=1)
    page.locator(".view-foot").get_by_role("button", name="Share with").click()
    expect(page.locator("#toasts")).to_contain_text("can now see this view")
    page.locator("[data-view-menu] > summary").click()
    page.locator(".view-foot").get_by_role("button", name="Share view").click()
    expect(page.locator("#toasts")).to_contain_text("Link copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{list_server.url}/v/{slug}/"
    page.goto("/w/default/views/")
    row = page.locator("table.views tbody tr", has_text="Pocket")
    expect(row).to_contain_text("All runs")
    row.locator("summary").click()
    for entry in row.locator(".menu-item").all():
        expect(entry).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_closing_a_dialog_returns_the_focus(runs_page: Page) -> None:
    page = runs_page
    page.goto(f"{DIGITS}?q=status:failed")
    save_menu(page).get_by_role("link", name="Save as…").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".view-bar summary.tool", has_text="Save")).to_be_focused()
