"""Click to filter, and the facets panel: by mouse, by keyboard, without a script."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

ALL = "/w/default/runs/"
#: The cookie of an earlier test would open other sections.
MODEL_AND_LR = "facets=1&open=tags.model,params.epochs"


def rows(page: Page) -> Locator:
    return page.locator("#run-table tbody tr [data-row-link]")


def total(page: Page, text: str) -> None:
    expect(page.locator("#run-table .table-tools b").first).to_have_text(text)


def cell(page: Page, text: str) -> Locator:
    return page.locator("#run-table tbody a[data-but]", has_text=text).first


def facet(page: Page, name: str) -> Locator:
    return page.locator("#facets").get_by_role("checkbox", name=name)


def test_a_click_filters_by_a_value_and_alt_click_excludes_it(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?q=tags.model+is+not+null&columns=name,tags.model,status")
    total(runs_page, "42")
    cell(runs_page, "resnet18").click()
    total(runs_page, "12")
    runs_page.go_back()
    total(runs_page, "42")
    cell(runs_page, "regnet_y_8gf").click(modifiers=["Alt"])
    total(runs_page, "40")
    assert "tags.model" in runs_page.url


def test_alt_enter_excludes_a_value(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?q=tags.model+is+not+null&columns=name,tags.model")
    link = cell(runs_page, "regnet_y_8gf")
    link.focus()
    assert "Alt" in (link.get_attribute("title") or "")
    runs_page.keyboard.press("Alt+Enter")
    total(runs_page, "40")


def test_several_values_of_a_facet_are_alternatives(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?open=tags.model")
    runs_page.locator("#facets-toggle").click()
    expect(runs_page).to_have_url(re.compile(r"facets=1"))
    expect(runs_page.locator("#facets h2")).to_be_visible()
    if facet(runs_page, "resnet18").count() == 0:
        runs_page.locator("#facets a[data-panel]", has_text="tags.model").click()
    facet(runs_page, "resnet18").click()
    total(runs_page, "12")
    expect(facet(runs_page, "resnet18")).to_be_checked()
    facet(runs_page, "regnet_y_8gf").click()
    total(runs_page, "14")
    # Its own terms narrow no facet: the others can still be chosen.
    expect(facet(runs_page, "wide_resnet50_2")).to_contain_text("8")
    facet(runs_page, "resnet18").press(" ")
    total(runs_page, "2")


def test_the_button_opens_and_closes_the_facet_panel(runs_page: Page) -> None:
    runs_page.goto(ALL)
    runs_page.locator("th").get_by_role("link", name="Display name").first.click()
    expect(runs_page).to_have_url(re.compile(r"sort=name$"))
    runs_page.locator("#facets-toggle").click()
    expect(runs_page.locator("#facets h2")).to_be_visible()
    expect(runs_page).to_have_url(re.compile(r"sort=name&facets=1$"))
    runs_page.locator("#facets-toggle").click()
    expect(runs_page.locator("#facets")).to_be_hidden()
    expect(runs_page).to_have_url(re.compile(r"sort=name$"))


#: Chooses the other one between the swap of the first one's rows and what follows it.
AT_ONCE = """name => document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "run-table" || !name) return;
  const links = [...document.querySelectorAll("#facets a.choice")];
  links.find((link) => link.textContent.includes(name)).click();
  name = "";
})"""


def test_quick_clicks_are_all_applied(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?facets=1&open=tags.model")
    runs_page.evaluate(AT_ONCE, "regnet_y_8gf")
    facet(runs_page, "resnet18").click()
    expect(facet(runs_page, "regnet_y_8gf")).to_be_checked()
    expect(facet(runs_page, "resnet18")).to_be_checked()
    total(runs_page, "14")


def test_bars_are_brushed_by_mouse(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?{MODEL_AND_LR}")
    box = runs_page.locator("#facets .bars").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    runs_page.mouse.move(box["x"] + 2, middle)
    runs_page.mouse.down()
    runs_page.mouse.move(box["x"] + box["width"] / 2, middle)
    runs_page.mouse.up()
    expect(runs_page).to_have_url(re.compile(r"params\.epochs"))
    total(runs_page, "25")
    expect(runs_page.locator("#facets .bar.inside")).to_have_count(7)


def test_bars_have_inputs_for_the_keyboard(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?{MODEL_AND_LR}")
    runs_page.get_by_label("params.epochs from").fill("100")
    runs_page.get_by_label("params.epochs to").fill("140")
    runs_page.keyboard.press("Enter")
    total(runs_page, "5")
    expect(runs_page).to_have_url(re.compile(r"params\.epochs.+100"))


def test_keys_are_searched_and_sections_open(runs_page: Page) -> None:
    runs_page.goto(f"{ALL}?facets=1")
    runs_page.locator("#facets-find").fill("odd")
    section = runs_page.locator("#facets a[data-panel]", has_text="tags.odd")
    expect(runs_page.locator("#facets section")).to_have_count(1)
    if section.get_attribute("aria-expanded") != "true":
        section.focus()
        runs_page.keyboard.press("Enter")
    facet(runs_page, "emoji").click()
    total(runs_page, "1")


def test_facets_work_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/w/default/runs/")
    plain_page.locator("#facets-toggle").click()
    plain_page.goto(f"{ALL}?{MODEL_AND_LR}")
    facet(plain_page, "resnet18").click()
    total(plain_page, "12")
    plain_page.get_by_label("params.epochs from").fill("300")
    plain_page.locator("#facets").get_by_role("button", name="Apply").click()
    total(plain_page, "3")
    plain_page.locator("#facets-close").click()
    total(plain_page, "3")
    expect(plain_page.locator("#facets")).to_be_hidden()


def test_on_a_phone_the_facet_panel_is_above_the_rows(phone_page: Page) -> None:
    phone_page.goto(f"{ALL}?{MODEL_AND_LR}")
    panel, table = (
        phone_page.locator(name).bounding_box() for name in ("#facets", "#run-table")
    )
    assert panel is not None
    assert table is not None
    assert panel["y"] + panel["height"] <= table["y"]
    assert phone_page.evaluate("document.documentElement.scrollWidth") == 360
