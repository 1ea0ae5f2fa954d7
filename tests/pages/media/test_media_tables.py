"""Tables and charts on the tab Media: the grid of previews, and figures to draw."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import plotly.graph_objects as go
import pytest
from django.test import Client

from runs.models import Run
from runs.pages.media.state import table_prefix
from runs.storage.tables import table_cache
from runs.storage.tables.build_process import take_slot
from tests.pages.media.test_media_tab import MEDIA, panels
from tests.pages.metrics.test_metric_kinds import PNG, write
from tests.pages.previews.samples import VEGA
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.elements import Element, every, one, texts

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

PREFIX = table_prefix("val/each")
ROWS = "".join(f"img_{n}.png,{n / 10}\n" for n in range(9))


def tables(run: Run, *steps: int) -> None:
    for step in steps:
        path = f"media/val/each/step_{step}.csv"
        keep(run, path, f"image,dice\n{ROWS}{step}.png,9\n".encode())


def first_cells(page: Any) -> list[str]:
    """The cells of the first of two columns, next to the numbers of the rows."""
    return texts(page, ".grid td")[1::3]


def test_a_table_is_sorted_and_filtered_and_stays_so_at_other_steps(
    browser: Client, run: Run
) -> None:
    tables(run, 1, 2)
    query = f"?{PREFIX}sort=-dice&{PREFIX}min.dice=0.6"
    page = browser.get(f"{MEDIA}{query}")
    expected = ["2.png", "img_8.png", "img_7.png", "img_6.png"]
    assert first_cells(page) == expected
    assert texts(page, ".grid-count")[0].strip() == "4 of 10 rows"
    before = page.context["slider"].before
    assert first_cells(browser.get(f"{MEDIA}{before}"))[0] == "1.png"
    grid = page.context["panels"][0].tiles[0].document.grid
    rows: Any = browser.get(grid.download)
    assert b"".join(rows.streaming_content).decode().splitlines()[1] == "2.png,9.0"


def test_the_links_of_a_table_keep_the_rest_of_the_address(
    browser: Client, run: Run
) -> None:
    tables(run, 1)
    query = f"?name=val/each&step=1&t000000-sort=b&{PREFIX}search=img_3"
    [panel] = panels(browser, query)
    tile_document = panel.tiles[0].document
    assert tile_document is not None
    assert tile_document.grid is not None
    href = urlsplit(tile_document.grid.heads[0].sort_href)
    assert href.path == MEDIA
    assert parse_qs(href.query) == {
        "name": ["val/each"],
        "step": ["1"],
        "t000000-sort": ["b"],
        f"{PREFIX}search": ["img_3"],
        f"{PREFIX}sort": ["image"],
    }


def test_tables_over_steps_are_in_the_same_order(browser: Client, run: Run) -> None:
    tables(run, 1, 2)
    page = browser.get(f"{MEDIA}?view=steps&{PREFIX}sort=-dice&{PREFIX}min.dice=0.8")
    assert first_cells(page) == ["1.png", "img_8.png", "2.png", "img_8.png"]
    assert "grid-tools" not in page.text


@pytest.fixture
def read_tables(
    files_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Tables wait for their turn to be read until the test lets them."""
    (files_dir / "derived").mkdir(parents=True)
    slots = [slot for _ in range(2) if (slot := take_slot(files_dir / "derived"))]
    limit = table_cache.MAX_SMALL_BYTES
    monkeypatch.setattr(table_cache, "MAX_SMALL_BYTES", 1)
    yield lambda: monkeypatch.setattr(table_cache, "MAX_SMALL_BYTES", limit)
    for slot in slots:
        os.close(slot)


def waiting_boxes(page: Any) -> list[Element]:
    """What asks for tables again: each for its own part of the page."""
    polls = [each for each in every(page, "[hx-get]") if "hx-select" in each.attributes]
    boxes = [box for box in polls if "load" in box["hx-trigger"]]
    parts = {box["hx-target"] for box in boxes}
    assert parts == {box["hx-select"] for box in boxes}
    assert len(parts) == len(boxes)
    return boxes


def test_tables_appear_in_their_places_once_they_are_read(
    browser: Client, run: Run, read_tables: Callable[[], None]
) -> None:
    tables(run, 1, 2)
    boxes = waiting_boxes(browser.get(f"{MEDIA}?view=steps"))
    alone = waiting_boxes(browser.get(f"{MEDIA}?step=2"))
    read_tables()
    shown = [one(browser.get(box["hx-get"]), box["hx-select"]) for box in boxes]
    assert [part.all("td")[1].text for part in shown] == ["img_0.png"] * 2
    [box] = alone
    assert one(browser.get(box["hx-get"]), box["hx-select"]).all(".grid-tools")


def test_rows_that_were_logged_one_by_one_are_a_grid(browser: Client, run: Run) -> None:
    write(run, "table", "scores", {"epoch": 1, "f1": 0.5}, {"epoch": 2, "f1": 0.7})
    page = browser.get(f"{MEDIA}?{table_prefix('scores')}sort=-f1")
    assert first_cells(page) == ["2", "1"]


def figure_tile(browser: Client, query: str = "") -> Any:
    [panel] = panels(browser, query)
    return panel.tiles[0]


def test_a_figure_of_a_step_is_sent_to_be_drawn(browser: Client, run: Run) -> None:
    for step in (1, 2):
        figure = go.Figure([go.Scatter(y=[step, 5]), go.Violin(y=[1])])
        keep(run, f"media/pr/step_{step}.plotly.json", figure.to_json().encode())
    newest, before = figure_tile(browser), figure_tile(browser, "?step=1")
    assert newest.figure != before.figure
    found = browser.get(before.figure).json()
    assert found["data"][0]["y"] == [1, 5]
    assert "violin" in found["note"]


@pytest.mark.parametrize(
    ("name", "content", "drawn", "note"),
    [
        ("a_step_1.html", "<h1>Report</h1>", None, ""),
        ("a_step_1.html", "<p>Plotly", 0, "no Plotly figure"),
        ("a_step_1.vl.json", json.dumps(VEGA), 1, ""),
        ("a_step_1.vl.json", json.dumps({**VEGA, "mark": "geoshape"}), 0, "geoshape"),
        ("a_step_1.plotly.json", "[" * 100_000, 0, "no Plotly figure"),
    ],
)
def test_what_can_not_be_drawn_says_why(
    browser: Client, run: Run, name: str, content: str, drawn: int | None, note: str
) -> None:
    keep(run, name, content.encode())
    address = figure_tile(browser).figure
    assert bool(address) == (drawn is not None)
    if drawn is not None:
        found = browser.get(address).json()
        assert (len(found["data"]), note in found["note"]) == (drawn, True)


def test_images_that_cells_name_are_shown_in_their_rows(
    browser: Client, run: Run
) -> None:
    picture = PNG + b"\0\0\0\x10\0\0\0\x10"
    for path in ("media/val/each/near.png", "images/far.png", "secret.txt"):
        keep(run, path, picture)
    cells = ("near.png", "images/far.png", "none.png", "../../../../near.png", "é.png")
    rows = "".join(f"{cell},1\n" for cell in cells)
    keep(run, "media/val/each/step_1.csv", f"image,dice\n{rows}".encode())
    page = browser.get(f"{MEDIA}?name=val/each")
    raw = f"{PAGE}files/raw/"
    assert [each.attributes["href"] for each in every(page, ".grid-image")] == [
        f"{raw}media/val/each/near.png?inline=1",
        f"{raw}images/far.png?inline=1",
    ]
    assert first_cells(page) == ["near.png", "far.png", *cells[2:]]
