"""Charts of the run list in a browser: by mouse and keys, on a phone, unscripted."""

from __future__ import annotations

import math
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from tests.e2e.list.charts.curves import HIGH, POINTS, curves
from tests.e2e.list.charts.drawn_lines import card, drawn, reaches, spans
from tests.parts.browser import Watch
from tests.parts.wire import Connection

#: Each takes seconds: of all browser tests of charts, half run in each sample.
pytestmark = pytest.mark.sample(12, group="charts")

__all__ = ["curves"]

HOME = "/w/default/experiments/curves/"
LOSS = "line!metrics.fit/loss"
THIRDS = "scatter!params.lr!metrics.fit/acc!metrics.fit/loss!log=x"
EDGE = "box => getComputedStyle(box, '::before').borderTopColor"
#: The fifth series in the dark: that of the experiment's fifth run.
FIFTH = "rgb(254, 159, 12)"


def reset_zoom(page: Page) -> None:
    """Double-click the chart; on a busy machine the two clicks can be too far apart."""
    area = page.locator(".plot .nsewdrag").first
    for _attempt in range(10):
        try:
            with page.expect_response(re.compile("figure/(?!.*from=)"), timeout=3000):
                area.dblclick()
        except Error:
            continue
        return
    raise AssertionError("A double-click did not reset the zoom.")


def charts_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("charts", [""])[0]


def choose(page: Page, item: str, at: int = 0) -> None:
    card(page, at).locator("summary").click()
    card(page, at).locator(".menu-item").filter(has_text=item).first.click()


def test_a_chart_is_added_zoomed_changed_and_removed_by_mouse(
    runs_page: Page, curves: Connection
) -> None:
    page, asked = runs_page, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(HOME)
    assert not any("plotly" in url for url in asked)
    page.get_by_role("link", name="Add chart").click()
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_label("Field 1", exact=True)
    box.fill("fit/l")
    options = dialog.locator("#chart-names option[value='metrics.fit/loss']")
    expect(options).to_be_attached()
    box.fill("fit/loss")
    dialog.get_by_role("button", name="Add chart").click()
    plot = drawn(page)
    assert charts_of(page) == LOSS
    # The spike alone would flatten all lines: it is only marked at first.
    expect(plot.get_by_text(f"{HIGH:g}", exact=True)).to_be_visible()
    card(page).get_by_role("link", name="Full range").click()
    # Its label comes with the new chart's figure.
    expect(card(page).get_by_role("link", name="Fit lines")).to_be_visible()
    plot = drawn(page)
    reaches(plot, HIGH)
    note = card(page).locator("[data-note]")
    expect(note).to_contain_text("of 12,000 points. All extremes are kept.")
    expect(plot.get_by_text("NaN")).to_be_visible()
    expect(card(page).locator(".legend")).to_contain_text("curve-4")
    where = plot.locator(".nsewdrag").first.bounding_box()
    assert where is not None
    page.mouse.move(where["x"] + where["width"] * 0.4, where["y"] + 60)
    page.mouse.down()
    page.mouse.move(where["x"] + where["width"] * 0.5, where["y"] + 62, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url):
        page.mouse.up()
    expect(note).not_to_contain_text("All extremes are kept")
    reaches(plot, HIGH)
    choose(page, "Bars")
    expect(page).to_have_url(re.compile("charts=bar!metrics.fit/loss"))
    expect(drawn(page).locator(".bars path")).to_have_count(5)
    page.go_back()
    assert charts_of(page) == f"{LOSS}!range=full"
    drawn(page)
    page.get_by_role("link", name="Remove chart").click()
    expect(page.locator(".chart")).to_have_count(0)
    assert charts_of(page) == ""


def test_adding_a_chart_keeps_choices_made_since_the_page_loaded(
    runs_page: Page, curves: Connection
) -> None:
    runs_page.goto(HOME)
    runs_page.get_by_role("checkbox", name="Select curve-2", exact=True).click()
    expect(runs_page.locator("#selection-bar")).to_contain_text("1 selected")
    runs_page.locator("#add-chart").click()
    dialog = runs_page.get_by_role("dialog")
    dialog.get_by_label("Field 1", exact=True).fill("fit/loss")
    dialog.get_by_role("button", name="Add chart").click()
    drawn(runs_page)
    expect(runs_page).to_have_url(re.compile("selected=curve-2"))
    assert charts_of(runs_page) == LOSS


def test_charts_are_added_edited_and_moved_by_keyboard(
    runs_page: Page, curves: Connection, watch: Watch
) -> None:
    page = runs_page
    watch.expect("status of 422")
    page.goto(f"{HOME}?charts=histogram!metrics.fit/acc")
    page.locator("#add-chart").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Field 1", exact=True)).to_be_focused()
    runs = dialog.get_by_label("Max runs")
    expect(runs).to_have_attribute("placeholder", "first 10")
    dialog.get_by_text("Scatter", exact=True).click()
    expect(runs).to_have_attribute("placeholder", "first 200")
    dialog.get_by_text("Lines", exact=True).click()
    dialog.get_by_label("Field 1", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("fit/loss")
    dialog.get_by_label("Smoothing").press("ArrowRight")
    dialog.get_by_label("all except").press(" ")
    dialog.locator("#chart-group").fill("seed")
    page.keyboard.press("Enter")
    made = f"{LOSS}!smooth=0.01!group=-params.seed"
    expect(page.locator(".chart")).to_have_count(2)
    assert charts_of(page) == f"histogram!metrics.fit/acc,{made}"
    drawn(page, 1)
    card(page, 1).locator("summary").press("Enter")
    card(page, 1).get_by_text("Move left").press("Enter")
    expect(card(page).locator("summary")).to_be_focused()
    assert charts_of(page) == f"{made},histogram!metrics.fit/acc"
    card(page).get_by_role("link", name="Edit chart").press("Enter")
    expect(dialog.locator("#chart-group")).to_have_value("params.seed")
    dialog.get_by_text("Scatter", exact=True).click()
    dialog.get_by_role("button", name="Change chart").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("needs 2 to 3 fields")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    large = card(page).get_by_role("button", name="Enlarge chart")
    large.press("Enter")
    expect(large).to_have_attribute("aria-pressed", "true")
    box = card(page).bounding_box()
    assert box is not None
    assert box["width"] > 900
    card(page, 1).locator("summary").press("Enter")
    card(page, 1).get_by_text("Bars", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("bar!metrics.fit/acc"))
    expect(card(page, 1).locator("summary")).to_be_focused()
    card(page, 1).get_by_role("link", name="Remove chart").press("Enter")
    expect(card(page).locator("summary")).to_be_focused()
    card(page).get_by_role("link", name="Remove chart").press("Enter")
    expect(page.locator("#add-chart")).to_be_focused()


def test_brushing_an_axis_filters_the_list(runs_page: Page, curves: Connection) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts=parallel!params.lr!params.opt!metrics.fit/acc")
    lines = card(page).locator(".runs-of path")
    expect(lines).to_have_count(5)
    handle = card(page).get_by_role("slider", name="fit/acc ≥")
    for _ in range(12):
        handle.press("ArrowUp")
    expect(card(page).locator(".runs-of path.out")).to_have_count(3)
    wide = card(page).locator("svg.parallel").get_attribute("width")
    page.set_viewport_size({"width": 1200, "height": 800})
    expect(card(page).locator("svg.parallel")).not_to_have_attribute(
        "width", wide or ""
    )
    expect(card(page).locator(".runs-of path.out")).to_have_count(3)
    expect(handle).to_be_focused()
    handle.press("Enter")
    expect(page).to_have_url(re.compile(r"q=metrics.fit/acc"))
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(lines).to_have_count(2)
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-valuenow", "0")
    axis = card(page).locator(".brush-area").first.bounding_box()
    assert axis is not None
    page.mouse.move(axis["x"] + 12, axis["y"] + 4)
    page.mouse.down()
    page.mouse.move(axis["x"] + 12, axis["y"] + axis["height"] / 2, steps=3)
    page.mouse.up()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert "params.lr" in parse_qs(urlsplit(page.url).query)["q"][0]


def test_a_selected_run_has_the_color_of_its_checkbox_in_every_chart(
    runs_page: Page, curves: Connection
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={LOSS},bar!metrics.fit/acc&selected=,curve-3,curve-0")
    color = "rgb(250, 85, 116)"
    expect(drawn(page).locator(".js-line").first).to_have_css("stroke", color)
    expect(drawn(page).locator(".js-line")).to_have_count(2)
    expect(drawn(page, 1).locator(".bars path").first).to_have_css("fill", color)
    page.emulate_media(color_scheme="dark")
    dark = "rgb(174, 79, 20)"
    expect(drawn(page).locator(".js-line").first).to_have_css("stroke", dark)
    page.goto(f"{HOME}?charts={LOSS}!metrics.fit/acc,{THIRDS}")
    expect(drawn(page, 1).locator(".points path")).to_have_count(5)
    names = card(page).locator(".legend span")
    expect(names.nth(1)).to_have_text("fit/acc")
    expect(names.nth(2)).to_have_text("curve-4")
    assert page.locator("tr:has([data-id=curve-4]) .pick-box").evaluate(EDGE) == FIFTH


def test_a_chart_is_a_table_and_a_file_too(
    runs_page: Page, curves: Connection, tmp_path: Path
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={LOSS}")
    drawn(page)
    choose(page, "Table")
    table = card(page).get_by_role("region", name="Values of fit/loss")
    expect(table.get_by_role("row", name=re.compile("curve-1"))).to_contain_text("40")
    for item, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"run,name")):
        with page.expect_download() as begun:
            choose(page, f"Download {item}")
        path = tmp_path / item
        begun.value.save_as(path)
        assert path.read_bytes().startswith(begins)
    picture = (tmp_path / "SVG").read_text()
    assert "curve-1" in picture
    assert "rgb(0, 120, 212)" in picture
    assert len((tmp_path / "CSV").read_text().splitlines()) == 5 * POINTS + 1


def test_the_number_of_chart_columns_follows_the_window_width(
    runs_page: Page, curves: Connection
) -> None:
    page = runs_page
    page.goto(f"{HOME}?charts={','.join([LOSS] * 5)}")
    for width, columns in ((1280, 3), (1920, 4), (1000, 2)):
        page.set_viewport_size({"width": width, "height": 800})
        tops = [card(page, at).bounding_box() for at in range(5)]
        row = [top for top in tops if top and tops[0] and top["y"] == tops[0]["y"]]
        assert len(row) == columns
    page.goto(f"{HOME}?charts={LOSS},bar!metrics.fit/acc,histogram!metrics.fit/acc")
    drawn(page)
    card(page).locator(".chart-head b").drag_to(card(page, 2).locator(".plot"))
    expect(page).to_have_url(re.compile(r"charts=bar.*,histogram.*,line"))


def test_a_phone_shows_one_chart_at_a_time(
    phone_page: Page, curves: Connection
) -> None:
    page = phone_page
    page.goto(f"{HOME}?charts={LOSS},histogram!metrics.fit/acc")
    expect(drawn(page)).to_be_visible()
    expect(card(page, 1)).to_be_hidden()
    expect(card(page).locator("[data-enlarge]")).to_be_hidden()
    card(page).get_by_role("button", name="Next chart").click()
    expect(drawn(page, 1)).to_be_visible()
    expect(card(page)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_scripts_charts_are_tables_and_the_form_works(
    plain_page: Page, curves: Connection
) -> None:
    page = plain_page
    page.goto(HOME)
    page.get_by_role("link", name="Add chart").click()
    page.get_by_label("Field 1", exact=True).fill("fit/loss")
    page.get_by_role("button", name="Add chart").click()
    assert charts_of(page) == LOSS
    expect(page.get_by_role("row", name=re.compile("curve-1.*40"))).to_be_visible()
    expect(page.locator(".chart .plot")).to_be_hidden()


def test_a_logarithmic_axis_over_a_metric_zooms_at_full_resolution(
    runs_page: Page, curves: Connection
) -> None:
    page = runs_page
    over = f"{LOSS}!x=metrics.fit/loss!log=x"
    page.goto(f"{HOME}?charts={over}")
    plot, note = drawn(page), card(page).locator("[data-note]")
    expect(note).to_contain_text("All extremes are kept")
    where = plot.locator(".nsewdrag").first.bounding_box()
    assert where is not None
    page.mouse.move(where["x"] + where["width"] * 0.3, where["y"] + 60)
    page.mouse.down()
    page.mouse.move(where["x"] + where["width"] * 0.34, where["y"] + 62, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url) as response:
        page.mouse.up()
    expect(note).not_to_contain_text("All extremes are kept")
    asked = parse_qs(urlsplit(response.value.url).query)
    ends = [math.log10(float(asked[name][0])) for name in ("from", "to")]
    spans(plot, ends)
    page.goto(f"{HOME}?charts={over}!xrange=0.1~1")
    plot = drawn(page)
    spans(plot, [-1, 0])
    where = plot.locator(".nsewdrag").first.bounding_box()
    assert where is not None
    page.mouse.move(where["x"] + where["width"] * 0.3, where["y"] + 60)
    page.mouse.down()
    page.mouse.move(where["x"] + where["width"] * 0.5, where["y"] + 62, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url):
        page.mouse.up()
    reset_zoom(page)
    spans(plot, [-1, 0])
