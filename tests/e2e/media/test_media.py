"""The tab Media in a browser: steps, items, layers, names, and a run that continues."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_run_metrics import PNG
from tests.e2e.test_run_page import Writer
from tests.parts.server import Server


@pytest.fixture
def run(server: Server) -> Writer:
    return Writer(server)


def keep_steps(run: Writer, *steps: int) -> None:
    for step in steps:
        stem = f"step_{step:08d}_ab"
        for at in range(2):
            run.keep(f"media/val/overlay/{stem}_{at}.png", PNG)
        run.keep(f"media/val/overlay/{stem}_0.layer0.png", PNG)
        layer = {"name": "Truth", "file": f"{stem}_0.layer0.png"}
        first = {"file": f"{stem}_0.png", "caption": "0412", "layers": [layer]}
        items = [first, {"file": f"{stem}_1.png", "caption": "0077"}]
        manifest = json.dumps({"version": 1, "items": items}).encode()
        run.keep(f"media/val/overlay/{stem}.media.json", manifest)
        run.keep(f"media/eval/notes/step_{step}.txt", f"Step {step}.".encode())


def test_the_slider_the_keys_and_the_box_choose_the_step(
    run: Writer, owner_page: Page
) -> None:
    keep_steps(run, 1, 5, 9)
    owner_page.goto(f"{run.page}media/")
    text = owner_page.locator("pre.media-text")
    expect(text).to_have_text("Step 9.")
    owner_page.keyboard.press("ArrowLeft")
    expect(text).to_have_text("Step 5.")
    expect(owner_page).to_have_url(re.compile(r"step=5$"))
    owner_page.get_by_role("slider", name="Step").fill("0")
    expect(text).to_have_text("Step 1.")
    expect(owner_page).to_have_url(re.compile(r"step=1$"))
    box = owner_page.get_by_role("textbox", name="Step")
    box.fill("8")
    box.press("Enter")
    expect(text).to_have_text("Step 5.")
    owner_page.reload()
    expect(text).to_have_text("Step 5.")


def test_play_goes_through_the_steps(run: Writer, owner_page: Page) -> None:
    keep_steps(run, 1, 2)
    owner_page.goto(f"{run.page}media/?step=1")
    owner_page.get_by_role("button", name="Play the steps").click()
    expect(owner_page.locator("pre.media-text")).to_have_text("Step 2.")
    play = owner_page.get_by_role("button", name="Play the steps")
    expect(play).to_have_attribute("aria-pressed", "false")


def test_an_item_opens_and_is_followed_over_steps(
    run: Writer, owner_page: Page
) -> None:
    keep_steps(run, 1, 2)
    owner_page.goto(f"{run.page}media/?name=val/overlay")
    owner_page.get_by_role("link", name="val/overlay step 2 0412").click()
    stage = owner_page.locator(".image-stage img").first
    expect(stage).to_have_js_property("naturalWidth", 1)
    owner_page.keyboard.press("ArrowRight")
    expect(stage).to_have_attribute("alt", "val/overlay step 2 0077")
    owner_page.get_by_role("link", name="Show this item over steps").click()
    tiles = owner_page.locator(".media-tiles li")
    expect(tiles).to_have_text([re.compile("step 1"), re.compile("step 2")])
    owner_page.get_by_role("link", name="Grid").click()
    expect(stage).to_have_count(0)


def test_a_layer_is_switched_off(run: Writer, owner_page: Page) -> None:
    keep_steps(run, 1)
    owner_page.goto(f"{run.page}media/?name=val/overlay")
    layers = owner_page.locator(".media-layer")
    expect(layers).to_have_count(1)
    owner_page.get_by_role("link", name="Truth").click()
    expect(layers).to_have_count(0)
    expect(owner_page).to_have_url(re.compile("off=Truth"))
    owner_page.get_by_role("link", name="Truth").click()
    expect(layers).to_have_count(1)


def test_names_are_hidden_and_shown_and_the_step_stays(
    run: Writer, owner_page: Page
) -> None:
    keep_steps(run, 1, 2)
    owner_page.goto(f"{run.page}media/?step=1")
    panels = owner_page.locator(".media-panel")
    expect(panels).to_have_count(2)
    owner_page.get_by_role("checkbox", name="val/overlay").uncheck()
    expect(panels).to_have_count(1)
    expect(owner_page).to_have_url(re.compile(r"name=eval%2Fnotes&step=1$"))
    owner_page.get_by_role("checkbox", name="eval/notes").uncheck()
    expect(owner_page.get_by_text("No media selected")).to_be_visible()
    expect(owner_page.locator("#media-count")).to_have_text("0")


def test_new_media_and_steps_appear_and_a_chosen_step_stays(
    run: Writer, owner_page: Page
) -> None:
    owner_page.goto(f"{run.page}media/")
    expect(owner_page.locator("#empty-state")).to_be_visible()
    keep_steps(run, 1)
    names = owner_page.locator("#media-list")
    expect(names).to_contain_text("val/overlay", timeout=15_000)
    text = owner_page.locator("pre.media-text")
    keep_steps(run, 2)
    expect(text).to_have_text("Step 2.", timeout=15_000)
    owner_page.keyboard.press("ArrowLeft")
    expect(text).to_have_text("Step 1.")
    keep_steps(run, 3)
    expect(names).to_contain_text("3 steps", timeout=15_000)
    expect(text).to_have_text("Step 1.")
    owner_page.get_by_role("link", name="Latest step").click()
    expect(text).to_have_text("Step 3.")


def test_a_figure_is_drawn_again_in_its_place_at_another_step(
    run: Writer, owner_page: Page
) -> None:
    for step in (1, 2):
        title = {"title": {"text": f"Curve {step}"}}
        figure = {"data": [{"y": [1, step]}], "layout": title}
        path = f"media/pr/step_{step}.plotly.json"
        run.keep(path, json.dumps(figure).encode())
    owner_page.goto(f"{run.page}media/")
    plot = owner_page.locator(".media-figure .figure-plot")
    expect(plot.get_by_text("Curve 2")).to_be_visible()
    plot.evaluate("plot => { plot.isSamePlot = true; }")
    owner_page.keyboard.press("ArrowLeft")
    expect(plot.get_by_text("Curve 1")).to_be_visible()
    expect(plot).to_have_js_property("isSamePlot", True)


def test_a_table_is_sorted_and_searched_and_stays_so_at_another_step(
    run: Writer, owner_page: Page
) -> None:
    for step in (1, 2):
        rows = "".join(f"img_{n}.png,{n * step}\n" for n in range(12))
        run.keep(f"media/each/step_{step}.csv", f"image,count\n{rows}".encode())
    owner_page.goto(f"{run.page}media/")
    owner_page.evaluate("window.isSamePage = true")
    owner_page.locator("th[data-column=count] .grid-name a").first.click()
    owner_page.locator("th[aria-sort=ascending]").wait_for()
    owner_page.locator("th[data-column=count] .grid-name a").first.click()
    first = owner_page.locator(".grid tbody tr").first.locator("td").nth(2)
    expect(first).to_have_text("22")
    search = owner_page.get_by_placeholder("Search rows")
    search.fill("img_5")
    search.press("Enter")
    expect(owner_page.locator(".grid-count")).to_have_text("1 of 12 rows")
    expect(search).to_be_focused()
    owner_page.locator("#step-before").click()
    expect(first).to_have_text("5")
    assert owner_page.evaluate("window.isSamePage")


def test_a_picture_is_enlarged_and_escape_closes_it(
    run: Writer, owner_page: Page
) -> None:
    keep_steps(run, 1200)
    owner_page.goto(f"{run.page}media/?name=val/overlay")
    owner_page.get_by_role("link", name="val/overlay step 1,200 0412").hover()
    button = owner_page.get_by_role(
        "button", name="Enlarge val/overlay step 1,200 0412"
    )
    button.click()
    large = owner_page.get_by_role("dialog", name="val/overlay step 1,200 0412")
    expect(large.get_by_role("img")).to_have_js_property("naturalWidth", 1)
    expect(large.locator("img")).to_have_count(2)
    owner_page.keyboard.press("ArrowRight")
    second = owner_page.get_by_role("dialog", name="val/overlay step 1,200 0077")
    expect(second.locator("img")).to_have_count(1)
    expect(second.get_by_role("status")).to_have_text("2 / 2")
    expect(second.get_by_role("button", name="Next item")).to_be_disabled()
    owner_page.keyboard.press("Escape")
    expect(second).to_be_hidden()
    expect(button).to_be_focused()
    expect(owner_page).to_have_url(re.compile(r"name=val/overlay$"))


def test_pictures_of_compared_runs_are_enlarged(
    server: Server, owner_page: Page
) -> None:
    runs = [Writer(server), Writer(server)]
    for each in runs:
        keep_steps(each, 1200)
    query = "&".join(f"run={each.id}" for each in runs)
    owner_page.goto(f"{server.url}/w/default/compare/?{query}&image=val/overlay")
    expect(owner_page.locator("#media-grid img").first).to_be_visible()
    owner_page.locator("#media-grid [data-enlarge-picture]").first.focus()
    owner_page.keyboard.press("Enter")
    large = owner_page.locator("#large-picture")
    expect(large.get_by_role("status")).to_have_text("1 / 4")
    owner_page.keyboard.press("Escape")
    expect(large).to_be_hidden()
