"""The filter row: completion, pills and their editors."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.e2e.list.content import SPECIAL_VALUES
from tests.e2e.list.live.held import Held
from tests.parts.browser import Watch


def q_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def open_list(page: Page, q: str) -> Locator:
    page.goto("/w/default/runs/?" + urlencode({"q": q}))
    return page.locator("#q")


def option(page: Page, text: str) -> Locator:
    return page.locator("[role=option]").filter(has_text=text)


def expect_rows(page: Page, *names: str) -> None:
    rows = page.locator("[data-row-link]")
    expect(rows).to_have_count(len(names))
    expect(rows).to_have_text(list(names))


def test_completion_by_keyboard(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    box = runs_page.get_by_role("combobox", name="Search or filter runs")
    box.focus()
    box.press_sequentially("tags.mo")
    expect(option(runs_page, "tags.model")).to_contain_text("42 runs")
    box.press("Tab")
    expect(box).to_have_value("tags.model ")
    expect(option(runs_page, "is any of")).to_be_visible()
    box.press_sequentially("= r")
    expect(option(runs_page, "resnet50").first).to_contain_text("20")
    expect(option(runs_page, "no such tag")).to_contain_text("12")
    fitting = runs_page.locator("[role=option][aria-selected=true]")
    expect(fitting).to_contain_text("resnet50")
    box.press("ArrowDown")
    expect(fitting).not_to_contain_text("resnet50")
    box.press("Tab")
    expect(box).to_have_value(re.compile("^tags.model = r.+ $"))
    box.fill("tags.model = res")
    expect(fitting).to_contain_text("resnet50")
    box.press("Enter")
    expect(runs_page.locator(".pill")).to_have_text("tags.model: resnet50")
    expect(box).to_have_value("tags.model = resnet50")
    assert q_of(runs_page) == "tags.model = resnet50"
    # It is offered again where nothing, or its beginning, is typed.
    box.fill("")
    expect(runs_page.get_by_role("group", name="Recent filters")).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(runs_page.locator(".pill")).to_have_text("tags.model: resnet50")


def of_completion(request: Request) -> bool:
    return "/complete/" in request.url


def test_a_completion_waits_for_the_suggestions_of_all_letters(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    box = runs_page.locator("#q")
    box.press_sequentially("tags.")
    expect(option(runs_page, "tags.model")).to_be_visible()
    # "tags.model" is not the first of these.
    expect(runs_page.get_by_role("option").first).not_to_contain_text("tags.model")
    held = Held(runs_page, of_completion)
    box.press_sequentially("mo")
    box.press("Tab")
    held.wait(1)
    expect(box).to_have_value("tags.mo")
    held.release()
    expect(box).to_have_value("tags.model ")


def test_an_option_of_fewer_letters_replaces_all_that_is_typed(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    box = runs_page.locator("#q")
    box.press_sequentially("tags.")
    expect(option(runs_page, "tags.model")).to_be_visible()
    held = Held(runs_page, of_completion)
    box.press_sequentially("mo")
    held.wait(1)
    option(runs_page, "tags.model").click()
    expect(box).to_have_value("tags.model ")
    held.release()


def test_escape_closes_the_suggestions_and_enter_applies_the_typed_text(
    runs_page: Page,
) -> None:
    runs_page.goto("/w/default/runs/")
    box = runs_page.locator("#q")
    box.press_sequentially("status:comp")
    expect(option(runs_page, "Completed")).to_be_visible()
    box.press("Escape")
    expect(runs_page.get_by_role("listbox")).to_have_count(0)
    expect(box).to_have_value("status:comp")
    box.fill("digits-01")
    box.press("Enter")
    expect_rows(runs_page, "digits-01")


def test_completion_by_mouse_continues_with_values(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    runs_page.locator("#q").click()
    option(runs_page, "status").first.click()
    option(runs_page, "Failed").click()
    expect(runs_page.locator("#q")).to_have_value("status:Failed ")
    expect(runs_page.locator("#q")).to_be_focused()


def test_nothing_is_offered_in_comments_and_phrases(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    box = runs_page.locator("#q")
    with runs_page.expect_response("**/list/complete/**"):
        box.press_sequentially('"sta')
    expect(runs_page.locator("[role=option]")).to_have_count(0)


def test_editing_a_pill_by_mouse_keeps_the_others(runs_page: Page) -> None:
    typed = "status:failed  /* mine */ tags.seed = '3'"
    open_list(runs_page, typed)
    runs_page.locator("#pill-0").click()
    editor = runs_page.get_by_role("dialog")
    expect(runs_page.locator(".pill").first).to_contain_class("open")
    expect(editor.get_by_role("checkbox", name="Failed")).to_be_checked()
    editor.get_by_role("checkbox", name="Canceled").check()
    editor.get_by_role("button", name="Apply").click()
    expect(runs_page.locator(".pill").first).to_have_text("Status: Failed, Canceled")
    expect(editor).to_be_hidden()
    assert q_of(runs_page) == typed.replace("failed", "Failed|Canceled")
    expect(runs_page.locator("#q")).to_have_value(q_of(runs_page))
    runs_page.go_back()
    expect(runs_page.locator(".pill").first).to_have_text("Status: Failed")


def test_a_filter_is_added_by_keyboard(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    runs_page.locator("#add-filter").focus()
    runs_page.keyboard.press("Enter")
    find = runs_page.get_by_label("Find a field")
    expect(find).to_be_focused()
    find.press_sequentially("epo")
    expect(runs_page.locator(".field-list a")).to_have_count(1)
    find.press("Enter")
    operator = runs_page.get_by_label("Operator")
    operator.select_option("between")
    runs_page.get_by_role("textbox", name="From").fill("90")
    runs_page.get_by_role("textbox", name="To").fill("120")
    runs_page.get_by_role("textbox", name="To").press("Enter")
    expect(runs_page.locator(".pill")).to_have_text("params.epochs: 90 to 120")
    expect(runs_page.locator("[data-row-link]")).to_have_count(4)
    assert q_of(runs_page) == "params.epochs:90..120"


def test_escape_returns_the_focus_to_the_pill(runs_page: Page) -> None:
    open_list(runs_page, "duration:>1m")
    runs_page.locator("#pill-0").press("Enter")
    expect(runs_page.locator("#editor-value-1")).to_be_focused()
    runs_page.keyboard.press("Escape")
    expect(runs_page.get_by_role("dialog")).to_be_hidden()
    expect(runs_page.locator("#pill-0")).to_be_focused()


def test_an_invalid_value_is_reported_in_the_editor(
    runs_page: Page, watch: Watch
) -> None:
    watch.expect("422")
    open_list(runs_page, "metrics.acc > 0.5")
    runs_page.locator("#pill-0").click()
    runs_page.locator("#editor-value-1").fill("high")
    runs_page.get_by_role("button", name="Apply").click()
    expect(runs_page.get_by_role("alert").last).to_have_text("high is not a number.")
    assert q_of(runs_page) == "metrics.acc > 0.5"


def test_a_switch_stays_off_if_the_filter_is_invalid(
    runs_page: Page, watch: Watch
) -> None:
    watch.expect("422")
    box = open_list(runs_page, "name:digits-01")
    box.fill("name:digits-01 and")
    switch = runs_page.get_by_role("switch", name="Include child runs")
    switch.press("Space")
    expect(runs_page.locator("#filter-note")).to_contain_text("Expected a term")
    expect(switch).not_to_be_checked()
    expect(box).to_have_value("name:digits-01 and")
    expect_rows(runs_page, "digits-01")


@pytest.mark.parametrize("way", ["Escape", "Escape in the box", "click"])
def test_closing_the_error_note_keeps_the_underline(
    runs_page: Page, watch: Watch, way: str
) -> None:
    watch.expect("400")
    box = open_list(runs_page, "metrics.acc > high")
    note = runs_page.locator("#filter-note .note")
    expect(note).to_be_visible()
    if way == "click":
        runs_page.locator("h1").click()
    elif way == "Escape":
        runs_page.keyboard.press("Escape")
    else:
        box.press("Escape")
    expect(note).to_have_count(0)
    expect(runs_page.locator(".underlay mark")).to_have_text("high")
    expect(box).to_have_value("metrics.acc > high")


def test_without_scripts_the_error_note_covers_nothing(
    plain_page: Page, watch: Watch
) -> None:
    watch.expect("400")
    open_list(plain_page, "metrics.acc > high")
    note = plain_page.locator("#filter-note .note").bounding_box()
    below = plain_page.locator(".list-body").bounding_box()
    assert note is not None
    assert below is not None
    assert note["y"] + note["height"] <= below["y"]


def test_a_complex_term_is_edited_as_text(runs_page: Page) -> None:
    open_list(runs_page, "(status:failed or tag:distill) digits")
    runs_page.locator("#pill-0").click()
    text = runs_page.get_by_label("Filter term")
    expect(text).to_have_value("(status:failed or tag:distill)")
    text.fill("status:failed or status:running")
    runs_page.get_by_role("button", name="Apply").click()
    expect(runs_page.locator(".pill").first).to_contain_text("Running")
    assert q_of(runs_page) == "(status:failed or status:running) digits"


def test_special_values_survive_box_pill_and_address(runs_page: Page) -> None:
    for number, value in enumerate(SPECIAL_VALUES):
        runs_page.goto("/w/default/list/filter/?field=tags.odd")
        label = value if value.strip() == value else value.strip()
        runs_page.get_by_role("checkbox", name=label).check()
        runs_page.get_by_role("button", name="Apply").last.click()
        expect_rows(runs_page, f"odd-{number}")
        runs_page.locator("#q").press("Enter")
        expect_rows(runs_page, f"odd-{number}")
        runs_page.reload()
        runs_page.locator("#pill-0").click()
        expect(runs_page.get_by_role("checkbox", name=label)).to_be_checked()


def test_a_filter_of_two_lines_is_unchanged(runs_page: Page) -> None:
    box = open_list(runs_page, "name:digits-01\nor name:digits-02")
    expect_rows(runs_page, "digits-02", "digits-01")
    expect(box).to_have_value("name:digits-01 or name:digits-02")
    box.press("End")
    box.press_sequentially(" or name:digits-04")
    box.press("Enter")
    expect(runs_page.locator("tr[data-row]")).to_have_count(3)
    assert q_of(runs_page) == "name:digits-01\nor name:digits-02 or name:digits-04"
    expect(box).to_have_value("name:digits-01 or name:digits-02 or name:digits-04")


@pytest.mark.parametrize("page_name", ["runs_page", "plain_page"])
@pytest.mark.parametrize("term", ["in (n, 'one\ntwo')", "contains 'one\ntwo'"])
def test_an_editor_keeps_a_value_of_two_lines(
    page_name: str, term: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(page_name)
    open_list(page, f"not (name:'a\nb' and name:d) and tags.model {term}")
    page.locator("#pill-1").click()
    text = page.locator("#editor-text")
    if "contains" in term:
        text.fill(f"{text.input_value()} or name:d")
    page.get_by_role("button", name="Apply").last.click()
    expect(page.locator("#editor-form")).to_have_count(0)
    q = q_of(page)
    assert "\r" not in q
    assert ("a\nb" in q, "one\ntwo" in q) == (True, True)


def test_pills_are_edited_without_a_script(plain_page: Page) -> None:
    open_list(plain_page, "status:failed")
    plain_page.locator("#pill-0").click()
    plain_page.get_by_label("Field").select_option("created")
    plain_page.get_by_role("button", name="Choose").click()
    plain_page.locator("#editor-value-1").fill("2")
    plain_page.get_by_role("button", name="Apply").last.click()
    expect(plain_page.locator(".pill")).to_have_text("Submitted: last 2 days")
    assert q_of(plain_page) == "created >= -2d"


def test_pills_scroll_sideways_on_a_phone(phone_page: Page) -> None:
    open_list(phone_page, "created:-7d status:completed tags.seed = 3 duration:>1m")
    phone_page.locator("#pill-3").click()
    expect(phone_page.get_by_role("dialog")).to_be_in_viewport()
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_click_on_group_by_waits_for_the_filter_before_it(runs_page: Page) -> None:
    runs_page.goto("/w/default/runs/")
    held = Held(runs_page, lambda request: "q=status:Failed" in request.url)
    runs_page.get_by_role("link", name=re.compile("^Failed: ")).click()
    held.wait(1)
    runs_page.get_by_role("link", name="Group by").click()
    editor = runs_page.locator("#pill-editor")
    expect(editor).to_be_hidden()
    held.release()
    choice = editor.locator(".field-list a").first
    expect(choice).to_have_attribute("href", re.compile("status:Failed"))
    choice.click()
    expect(runs_page).to_have_url(re.compile("q=status:Failed.*group="))
