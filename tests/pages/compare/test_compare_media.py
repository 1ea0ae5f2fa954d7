"""The comparison's media, named as each run's own page names them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.models import File, Run
from tests.pages.compare.test_compare import COMPARE, asked
from tests.pages.media.test_media_tab import logged
from tests.pages.media.test_media_tables import read_tables, waiting_boxes
from tests.pages.metrics.test_metric_kinds import PNG, write
from tests.pages.run.run_page import keep
from tests.parts.elements import one

__all__ = ["read_tables"]
pytestmark = pytest.mark.django_db
HISTOGRAM = b'{"edges": [0, 1, 2], "counts": [3, 4]}'
Save = Callable[[Run, str], None]


@pytest.fixture
def save(files_dir: Path, actor: Actor, now: int) -> Save:
    def save(run: Run, path: str) -> None:
        save_file(run, path, [PNG], actor=actor, now=now, limit=10**6)

    return save


def offered(page: Any) -> list[str]:
    [menu] = re.findall(r'id="media-name"(.*?)</select>', page.text, re.DOTALL)
    return [unescape(name) for name in re.findall(r"<option[^>]*>([^<]*)", menu)]


def shown(page: Any) -> list[str]:
    """The paths of the pictures at the chosen step."""
    found = re.findall(r'/media/\?[^"]*;open=([^"]*)"', page.text)
    return [unquote(unescape(path)) for path in found]


@pytest.mark.parametrize("mark", ["+", "%"])
def test_mlflow_images_are_matched_by_key_and_step(
    visitor: Client, log: Any, save: Save, mark: str
) -> None:
    for name, step in (("a", 0), ("a", 20), ("b", 10), ("b", -5)):
        run = Run.objects.filter(run_id=name).first() or log(name)
        logged = f"images/d#curve{mark}step{mark}{step}{mark}timestamp{mark}1{mark}ab"
        save(run, f"{logged}.png")
        save(run, f"{logged}{mark}compressed.webp")
    page = visitor.get(COMPARE, asked("a", "b", step="15"))
    assert offered(page) == ["d/curve"]
    assert 'data-steps="-5,0,10,20"' in page.text
    assert [path.split(mark)[2] for path in shown(page)] == ["0", "10"]
    least = visitor.get(COMPARE, asked("a", "b", step="-5"))
    assert [path.split(mark)[2] for path in shown(least)] == ["-5"]


def test_image_metrics_are_one_series_whatever_their_paths(
    visitor: Client, log: Any, save: Save
) -> None:
    for name in "ab":
        run = log(name)
        paths = [f"val/{one}.png" for one in (f"first-{name}", "second")]
        for path in paths:
            save(run, path)
        home = f"aml://artifactId/ExperimentRun/dcid.{name}"
        write(run, "image", "roc", *(f"{home}/{quote(path)}" for path in paths))
    page = visitor.get(COMPARE, asked("a", "b"))
    assert offered(page) == ["roc"]
    assert 'data-steps="0,1"' in page.text
    assert shown(page) == ["val/second.png"] * 2
    first = visitor.get(COMPARE, asked("a", "b", step="0", image="roc"))
    assert shown(first) == ["val/first-a.png", "val/first-b.png"]


def test_files_that_differ_by_a_number_are_steps_over_all_runs(
    visitor: Client, log: Any, save: Save
) -> None:
    for name, paths in (
        ("a", ["out/epoch_007.png", "x7.png"]),
        ("b", ["out/epoch_9.png"]),
    ):
        run = log(name)
        for path in paths:
            save(run, path)
    page = visitor.get(COMPARE, asked("a", "b"))
    assert offered(page) == ["out/epoch", "x7.png"]
    assert shown(page) == ["out/epoch_007.png", "out/epoch_9.png"]
    assert "No media" in visitor.get(COMPARE, asked("a", "b", step="8")).text


def test_items_with_the_same_caption_are_in_one_row(
    visitor: Client, log: Any, files_dir: Path
) -> None:
    for name, captions in (("a", ("left", "right")), ("b", ("right", "new"))):
        items = [{"caption": each} for each in captions]
        logged(log(name), "val", 3, *items)
    found = visitor.get(COMPARE, asked("a", "b")).context["media"]
    rows = [[tile and tile.caption for _base, tile in row] for row in found.rows]
    assert rows == [["left", None], ["right", "right"], [None, "new"]]


@pytest.mark.parametrize(
    ("path", "data", "shown"),
    [
        ("media/x/step_1.wav", b"RIFF", "<audio controls"),
        ("media/x/step_1.txt", b"What it <b>said</b>", "&lt;b&gt;said"),
        ("media/x/step_1.csv", b"digit,recall\n7,0.5\n", 'data-column="recall"'),
        ("media/x/step_1.histogram.json", HISTOGRAM, 'class="media-histogram"'),
    ],
)
def test_other_media_than_images_are_side_by_side(
    visitor: Client, log: Any, files_dir: Path, path: str, data: bytes, shown: str
) -> None:
    for name in "ab":
        keep(log(name), path, data)
    page = visitor.get(f"{COMPARE}media/", asked("a", "b"))
    assert page.text.count(shown) == 2
    assert offered(visitor.get(COMPARE, asked("a", "b"))) == ["x"]


def test_tables_appear_once_they_are_read(
    visitor: Client, log: Any, read_tables: Callable[[], None]
) -> None:
    for name in "ab":
        keep(log(name), "media/x/step_1.csv", f"digit\n{name}\n".encode())
    boxes = waiting_boxes(visitor.get(COMPARE, asked("a", "b")))
    read_tables()
    for box, name in zip(boxes, "ab", strict=True):
        links = [COMPARE + link["href"] for link in box.all("a.button")]
        for address in (box["hx-get"], *links):
            part = one(visitor.get(address), box["hx-select"])
            assert part.all("td")[1].text == name


def test_the_number_of_queries_is_that_of_two_runs(
    visitor: Client, log: Any, files_dir: Path
) -> None:
    names = [f"r{n}" for n in range(6)]
    for name in names:
        run = log(name)
        for step in (1, 2):
            logged(run, "val", step, {"caption": "one"}, {"caption": "two"})
            keep(run, f"other_{step}.png", PNG)
    counts = []
    visitor.get(f"{COMPARE}media/", asked(*names))
    for size in (2, 6):
        with CaptureQueriesContext(connection) as asking:
            visitor.get(f"{COMPARE}media/", asked(*names[:size]))
        counts.append(len(asking.captured_queries))
    assert counts[0] == counts[1]


def test_files_that_are_deleted_or_new_are_noticed_for_each_run(
    visitor: Client, log: Any, files_dir: Path
) -> None:
    runs = [log(name) for name in "abc"]
    for run in runs:
        keep(run, "media/x/step_1.png", PNG)
    assert len(shown(visitor.get(COMPARE, asked("a", "b", "c")))) == 3
    File.objects.filter(run=runs[0]).delete()
    keep(runs[1], "media/x/step_2.png", PNG)
    page = visitor.get(COMPARE, asked("a", "b", "c"))
    assert [path[-5] for path in shown(page)] == ["2", "1"]


def test_a_run_of_another_workspace_shows_no_media(
    visitor: Client, log: Any, files_dir: Path
) -> None:
    keep(log("a"), "media/x/step_1.png", PNG)
    page = visitor.get("/other/compare/media/", asked("a"))
    assert "step_1" not in page.text
