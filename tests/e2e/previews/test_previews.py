"""Previews of files in a real browser: what scripts draw, change and play."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.test_run_page import Writer, run
from tests.pages.previews.samples import FIGURE, VEGA, wav
from tests.parts.browser import Watch

__all__ = ["run"]
pytestmark = pytest.mark.sample(3, group="previews")


def picture(color: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 20), color).save(target, "png")
    return target.getvalue()


def test_a_figure_of_a_file_is_drawn_without_its_markup(
    run: Writer, owner_page: Page
) -> None:
    trace = {"type": "bar", "x": ["<b>cat</b>", "dog"], "y": [1, 2]}
    layout = {"title": {"text": "<b>Loss</b><a href='javascript:alert(1)'>!</a>"}}
    run.keep("a.json", json.dumps({"data": [trace], "layout": layout}).encode())
    owner_page.goto(f"{run.page}files/?path=a.json")
    plot = owner_page.locator(".file-figure")
    expect(plot.get_by_text("cat")).to_be_visible()
    expect(plot.get_by_text("Loss!")).to_be_visible()


def test_panels_of_a_vega_chart_have_the_same_colors(
    run: Writer, owner_page: Page
) -> None:
    number = {"field": "a", "type": "quantitative"}
    color, column = ({"field": name, "type": "nominal"} for name in "bc")
    rows = [{"a": n, "b": "xy"[n % 2], "c": "pq"[n // 2]} for n in range(4)]
    chart = {
        "$schema": VEGA["$schema"],
        "data": {"values": rows},
        "mark": "circle",
        "encoding": {"x": number, "y": number, "color": color, "column": column},
    }
    run.keep("a.json", json.dumps(chart).encode())
    owner_page.goto(f"{run.page}files/?path=a.json")
    plot = owner_page.locator(".file-figure")
    points = plot.locator(".scatterlayer .point")
    expect(points).to_have_count(4)
    colors = points.evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).fill)"
    )
    assert colors[:2] == colors[2:]
    assert colors[0] != colors[1]
    expect(plot.locator(".legend .traces")).to_have_count(2)
    for title in "pq":
        expect(plot.locator(".annotation", has_text=title)).to_be_visible()


def test_a_figure_has_the_colors_of_the_page_unless_it_has_its_own(
    run: Writer, owner_page: Page
) -> None:
    trace = {"type": "bar", "x": ["cat", "dog"], "y": [1, 2]}
    template = {"layout": {"paper_bgcolor": "white", "font": {"color": "black"}}}
    layouts = {"plain": {"template": template}, "own": {"paper_bgcolor": "#ffe"}}
    for name, layout in layouts.items():
        figure = {"data": [trace], "layout": layout}
        run.keep(f"{name}.json", json.dumps(figure).encode())
    # The box behind the chart.
    ground = owner_page.locator(".file-figure .main-svg").first
    owner_page.emulate_media(color_scheme="dark")
    owner_page.goto(f"{run.page}files/?path=plain.json")
    expect(ground).to_have_css("background-color", "rgb(20, 23, 28)")
    owner_page.emulate_media(color_scheme="light")
    expect(ground).to_have_css("background-color", "rgb(255, 255, 255)")
    owner_page.emulate_media(color_scheme="dark")
    owner_page.goto(f"{run.page}files/?path=own.json")
    expect(ground).to_have_css("background-color", "rgb(255, 255, 238)")


def test_an_image_that_cannot_be_decoded_is_replaced_by_a_sentence(
    run: Writer, owner_page: Page
) -> None:
    whole = picture("red")
    run.keep("media/a/step_1.png", whole[:40] + b"cut")
    run.keep("media/a/step_2.png", whole)
    sentence = owner_page.get_by_text("The browser can't show this image")
    owner_page.goto(f"{run.page}files/?path=media/a/step_1.png")
    expect(sentence).to_be_visible()
    owner_page.goto(f"{run.page}media/?step=1")
    expect(sentence).to_contain_text("40 × 20, 43 bytes")
    owner_page.keyboard.press("ArrowRight")
    expect(owner_page.locator(".image-tile img")).to_have_js_property(
        "naturalWidth", 40
    )
    expect(sentence).to_have_count(0)


def test_an_image_is_zoomed_and_gets_another_one_on_top(
    run: Writer, owner_page: Page
) -> None:
    run.keep("images/scene.png", picture("white"))
    run.keep("images/mask.png", picture("red"))
    owner_page.goto(f"{run.page}files/?path=images/scene.png")
    image = owner_page.locator("[data-image]")
    owner_page.get_by_role("button", name="Zoom in").click()
    owner_page.get_by_role("button", name="Zoom in").click()
    expect(image).to_have_js_property("width", 160)
    owner_page.get_by_label("Overlay").select_option("images/mask.png")
    expect(owner_page.locator(".overlay")).to_have_css("opacity", "0.5")
    owner_page.get_by_label("Opacity").fill("80")
    expect(owner_page.locator(".overlay")).to_have_css("opacity", "0.8")
    owner_page.get_by_role("button", name="Fit").click()
    expect(image).to_have_js_property("width", 40)


def test_audio_is_loaded_from_the_address_of_its_file(
    run: Writer, owner_page: Page
) -> None:
    run.keep("a.wav", wav(np.zeros(8000, "<i2")))
    owner_page.goto(f"{run.page}files/?path=a.wav")
    expect(owner_page.locator("audio")).to_have_js_property("duration", 1)
    expect(owner_page.get_by_role("img", name="Waveform")).to_be_visible()


def test_a_plotly_page_is_drawn_and_opens_in_a_frame_on_request(
    run: Writer, owner_page: Page, watch: Watch
) -> None:
    data, layout = json.dumps(FIGURE["data"][:1]), json.dumps(FIGURE["layout"])
    script = f'PlotlyConfig = 1; Plotly.newPlot("a", {data}, {layout})'
    run.keep("a.html", f"<script>{script}</script><p>Report".encode())
    owner_page.goto(f"{run.page}files/?path=a.html")
    expect(owner_page.locator(".file-figure").get_by_text("Loss")).to_be_visible()
    watch.expect("document's frame is sandboxed")
    owner_page.get_by_role("link", name="Preview HTML").click()
    frame = owner_page.frame_locator(".view-frame")
    expect(frame.get_by_text("Report")).to_be_visible()
