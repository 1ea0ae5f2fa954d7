"""The Metrics tab in a real browser: every kind, zoom, downloads, the address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_run_page import Writer
from tests.parts.server import Server
from tests.render.test_documents import ACCURACY, PREDICTIONS, RESIDUALS

MATRIX = {"class_labels": ["<b>cat", "dog"], "matrix": [[8, 2], [1, 9]]}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c6360f8cf000000030101007a5e8b450000000049454e44ae426082"
)


@pytest.fixture
def run(server: Server) -> Writer:
    return Writer(server)


def log_kinds(run: Writer) -> None:
    documents = {
        "confusion_matrix": MATRIX,
        "accuracy_table": ACCURACY,
        "residuals": RESIDUALS,
        "predictions": PREDICTIONS,
    }
    rows: list[list[Any]] = [
        ["wave", {"x": n, "y": n * n}, n, 9, "table"] for n in (1, 2)
    ]
    rows += [["fib", n, None, 9, "list"] for n in (1, 2, 3)]
    rows += [["phase", "warm", 0, 9]]
    for kind, data in documents.items():
        run.keep(f"doc/{kind}", json.dumps({"data": data}).encode())
        rows.append([kind, run.address(f"doc/{kind}"), 0, 9, kind])
    run.keep("dot.png", PNG)
    rows.append(["picture", run.address("dot.png"), 0, 9, "image"])
    run.rows(rows)


def test_every_kind_of_metric_is_shown(run: Writer, owner_page: Page) -> None:
    log_kinds(run)
    owner_page.goto(f"{run.page}metrics/?all=1")
    # Curves, histogram, predictions, columns of a table, a list.
    expect(owner_page.locator(".plot .main-svg").nth(8)).to_be_attached()
    expect(owner_page.locator(".chart:has(.plot .bars)")).to_have_count(1)
    expect(owner_page.locator(".plot .errorbar").first).to_be_attached()
    expect(owner_page.locator(".matrix .heat-9")).to_have_text("9")
    expect(owner_page.locator(".said")).to_have_text("warm")
    picture = owner_page.locator(".panel-picture img")
    expect(picture).to_have_js_property("naturalWidth", 1)
    owner_page.get_by_label("Shown as, accuracy_table").select_option("calibration")
    expect(owner_page.get_by_text("Predicted probability")).to_be_visible()
    expect(owner_page).to_have_url(re.compile("as(:|%3A)accuracy_table=calibration"))
    owner_page.get_by_label("Shown as, confusion_matrix").select_option("normalised")
    expect(owner_page.locator(".matrix .heat-8")).to_have_text("0.90")
    owner_page.reload()
    expect(owner_page.get_by_text("Predicted probability")).to_be_visible()
    expect(owner_page.locator(".matrix .heat-8")).to_have_text("0.90")


def test_zooming_loads_more_points_and_a_chart_is_saved_as_an_image(
    run: Writer, owner_page: Page
) -> None:
    run.log("loss", [float(n % 7) for n in range(1000)])
    run.log("loss", [float(n % 7) for n in range(1000)], first=1000)
    owner_page.goto(f"{run.page}metrics/?x=relative")
    note = owner_page.locator("[data-note]")
    expect(note).to_contain_text("of 2,000 points")
    area = owner_page.locator(".plot .nsewdrag").first.bounding_box()
    assert area
    middle = area["y"] + area["height"] / 2
    owner_page.mouse.move(area["x"] + 40, middle)
    owner_page.mouse.down()
    owner_page.mouse.move(area["x"] + 80, middle, steps=3)
    owner_page.mouse.up()
    expect(note).to_have_text("by time since the start")
    for name, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        owner_page.locator(".chart .menu summary").click()
        with owner_page.expect_download() as kept:
            owner_page.get_by_role("button", name=f"Chart as {name}").click()
        assert kept.value.suggested_filename == f"loss.{name.lower()}"
        assert Path(kept.value.path()).read_bytes().startswith(start)


def test_a_link_under_a_chart_shows_its_outliers(run: Writer, owner_page: Page) -> None:
    run.log("loss", [3.0 + 1 / (n + 1) for n in range(60)] + [1e9, 3.0])
    owner_page.goto(f"{run.page}metrics/")
    card = owner_page.locator(".chart")
    expect(card).to_contain_text("1 line leaves the range.")
    card.get_by_role("link", name="Full range").click()
    expect(owner_page).to_have_url(re.compile("full=1$"))
    expect(card.get_by_role("link", name="Fit lines")).to_be_visible()
    # The next change of the display keeps the range.
    owner_page.locator("#metric-log").check()
    expect(owner_page).to_have_url(re.compile("full=1"))
    expect(owner_page).to_have_url(re.compile("log=1"))


def test_a_shared_graph_becomes_a_table_and_fits_on_paper(
    run: Writer, owner_page: Page
) -> None:
    page = owner_page
    for name in ("train/loss", "val/loss", "val/acc"):
        run.log(name, [2.0, 1.0])
    page.goto(f"{run.page}metrics/")
    plots = page.locator(".plot:has(.main-svg)")
    expect(plots).to_have_count(3)
    page.get_by_label("Group charts by").select_option("name")
    expect(page).to_have_url(re.compile("[?&]one=name$"))
    expect(page.locator(".chart-head b")).to_have_text(["loss", "val/acc"])
    expect(plots).to_have_count(2)
    page.evaluate("document.body.style.width = '500px'")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for drawn in page.locator(".plot .main-svg").all():
        box = drawn.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 500
    page.emulate_media(media="screen")
    page.locator(".chart").first.get_by_role("link", name="Show as table").click()
    table = page.get_by_role("region", name="loss", exact=True)
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Step", "train/loss", "val/loss"]
    )
    expect(plots).to_have_count(1)
    page.locator(".chart").first.get_by_role("link", name="Show as chart").click()
    expect(plots).to_have_count(2)


def test_a_parameter_is_found_among_all(run: Writer, owner_page: Page) -> None:
    params = [{"key": f"p{n:03}", "value": "x"} for n in range(99)]
    run.call("runs/log-batch", {"run_id": run.id, "params": params})
    more = [{"key": f"q{n:03}", "value": "y"} for n in range(50)]
    run.call("runs/log-batch", {"run_id": run.id, "params": more})
    owner_page.goto(run.page)
    rows = owner_page.locator("#param-rows tr:visible")
    expect(rows).to_have_count(100)
    box = owner_page.get_by_label("Find a parameter")
    box.focus()
    owner_page.keyboard.type("q049")
    expect(rows).to_have_text(re.compile("q049"))
    expect(box).to_be_focused()
    expect(owner_page).to_have_url(re.compile("find=q049"))


def test_a_refresh_keeps_the_chosen_settings(run: Writer, owner_page: Page) -> None:
    run.log("acc", [0.1])
    run.log("loss", [2.0])
    run.call("runs/update", {"run_id": run.id, "status": "FINISHED"})
    owner_page.goto(f"{run.page}metrics/")
    owner_page.get_by_label("acc", exact=True).uncheck()
    chosen = re.compile(r"metrics/\?key=loss$")
    expect(owner_page).to_have_url(chosen)
    toolbar = owner_page.locator("#run-toolbar")
    toolbar.get_by_role("link", name="Refresh").click()
    expect(owner_page.get_by_label("loss", exact=True)).to_be_checked()
    expect(owner_page).to_have_url(chosen)
    owner_page.get_by_label("acc", exact=True).check()
    both = re.compile(r"metrics/\?key=acc&key=loss$")
    expect(owner_page).to_have_url(both)
    toolbar.get_by_role("button", name="Archive").click()
    expect(toolbar.get_by_role("button", name="Unarchive")).to_be_visible()
    expect(owner_page).to_have_url(both)


def test_charts_that_were_never_in_view_are_printed(
    run: Writer, owner_page: Page
) -> None:
    for number in range(16):
        run.log(f"m{number:02}", [2.0, 1.0])
    owner_page.goto(f"{run.page}metrics/?all=1")
    plots = owner_page.locator(".charts .js-plotly-plot")
    expect(plots).to_have_count(12)
    owner_page.evaluate("window.print = () => { window.printed = true; }")
    owner_page.keyboard.press("Control+p")
    owner_page.wait_for_function("window.printed")
    expect(plots).to_have_count(16)


def test_the_tools_are_one_row_and_a_sheet_has_the_options_on_phones(
    run: Writer, owner_page: Page
) -> None:
    run.log("loss", [2.0, 1.0])
    run.log("acc", [0.5])
    tools = owner_page.locator("#metric-view > .metric-tools")
    for width in (1280, 360):
        owner_page.set_viewport_size({"width": width, "height": 800})
        owner_page.goto(f"{run.page}metrics/")
        expect(tools.get_by_role("link", name="Export")).to_be_in_viewport()
        tall = tools.evaluate("it => it.offsetHeight")
        assert tall < 48
        assert owner_page.evaluate("document.documentElement.scrollWidth") <= width
    expect(owner_page.get_by_role("row", name="acc")).to_contain_text("0.5")
    sheet = owner_page.locator("#metric-options")
    expect(sheet).to_be_hidden()
    tools.get_by_role("button", name="Chart options").click()
    # The label is the switch; the box below it has no size.
    sheet.get_by_text("Log y").click()
    expect(owner_page).to_have_url(re.compile("log=1"))
    expect(sheet.get_by_label("Log y")).to_be_focused()
    owner_page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
