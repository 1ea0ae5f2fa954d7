"""Where things stand: what a look at the page would find, and no words tell."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.parts.server import Server
from tests.parts.wire import Connection

RUN = "/w/default/runs/digits-07/"
LONG = "children=1&columns=name&charts=line!metrics.acc&facets=1&mine=1&rows=50"


def box(part: Locator) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    expect(part).to_be_visible()
    found = part.bounding_box()
    assert found
    left, top = found["x"], found["y"]
    return left, top, left + found["width"], top + found["height"]


def test_changes_do_not_wrap_the_title(runs_page: Page) -> None:
    runs_page.goto("/w/default/experiments/")
    named = runs_page.get_by_role("link", name="/Shared/yolo v8").first
    runs_page.goto(f"{named.get_attribute('href')}?{LONG}")
    _left, top, right, bottom = box(runs_page.locator(".list-top h1"))
    assert bottom - top < 40
    star = box(runs_page.locator(".list-top .head .star"))
    assert top < (star[1] + star[3]) / 2 < bottom
    changed = box(runs_page.locator(".view-changes"))
    assert max(right, star[2]) <= changed[0]


def test_a_run_dialog_is_centered(runs_page: Page) -> None:
    runs_page.goto(RUN)
    runs_page.locator("#run-head").get_by_text("Cancel", exact=True).click()
    left, top, right, _bottom = box(runs_page.locator("#run-cancel"))
    assert abs((left + right) / 2 - 640) < 10
    assert top > 32


def test_a_dialog_opened_as_a_page_starts_below_the_breadcrumbs(
    phone_page: Page,
) -> None:
    phone_page.goto(f"{RUN}cancel/")
    _left, top, _right, _bottom = box(phone_page.locator("#run-cancel"))
    assert 48 < top < 120


@pytest.mark.parametrize("path", ["", "children/", "metrics/"])
def test_icons_of_closed_menus_are_upright(runs_page: Page, path: str) -> None:
    runs_page.goto(RUN + path)
    icons = runs_page.locator("details.menu:not([open]) > summary > .icon:first-child")
    expect(icons.first).to_be_attached()
    turned = "all => all.map((it) => getComputedStyle(it).transform)"
    assert set(icons.evaluate_all(turned)) == {"none"}


def test_rows_of_a_card_start_below_its_title(runs_page: Page) -> None:
    runs_page.goto(RUN)
    card = runs_page.locator("#run-params section.card")
    title = box(card.locator("h2"))
    inset = "it => parseFloat(getComputedStyle(it).paddingLeft)"
    first = card.locator("tbody th").first
    assert title[0] == box(first)[0] + first.evaluate(inset)


def test_the_pencil_is_next_to_a_long_name(
    phone_page: Page, list_server: Server
) -> None:
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "long"})
    asked = {"experiment": "long", "name": "lr=0.1_" * 12}
    run = link.rest("POST", "/runs", asked)
    phone_page.goto(f"/w/default/runs/{run['id']}/")
    name = box(phone_page.locator("#run-title h1"))
    pencil = box(phone_page.locator("#run-title .tool"))
    link.rest("DELETE", f"/experiments/{made['id']}")
    assert name[2] <= pencil[0]
    assert pencil[2] <= 360
    assert name[1] <= pencil[1] <= pencil[3] <= name[3]


@pytest.mark.parametrize("path", ["views", "members"])
def test_a_table_of_long_names_fits_its_page(
    runs_page: Page, list_server: Server, path: str
) -> None:
    link = Connection(list_server)
    name = "A view of a name that is much longer than its place " * 2
    slug = link.rest("POST", "/views", {"name": name, "state": {}})["slug"]
    runs_page.set_viewport_size({"width": 800, "height": 700})
    runs_page.goto(f"/w/default/{path}/")
    wide = runs_page.evaluate("document.documentElement.scrollWidth")
    link.rest("DELETE", f"/views/{slug}")
    assert wide == 800


@pytest.mark.parametrize("path", ["/api/v1/", "/help/"])
def test_found_values_are_visible_without_scrolling(
    phone_page: Page, path: str
) -> None:
    phone_page.goto(path)
    table = phone_page.locator(".table.reference").first
    expect(table).to_be_visible()
    assert table.evaluate("it => it.scrollWidth - it.clientWidth") <= 0
    cell = box(table.locator("tbody td").nth(1))
    assert cell[2] - cell[0] > 240


def test_a_redraw_copies_no_inline_styles(runs_page: Page) -> None:
    """The page's policy forbids them, and the browser reports each one."""
    runs_page.goto("/w/default/runs/")
    # As scripts leave it that set a style and remove it again.
    runs_page.evaluate(
        "document.querySelectorAll('main [id]').forEach(each => {"
        " each.style.color = 'red'; each.style.color = ''; })"
    )
    runs_page.get_by_label("Include child runs").check()
    expect(runs_page).to_have_url(re.compile("children=1"))
    runs_page.wait_for_function("!document.querySelector('.htmx-settling')")
