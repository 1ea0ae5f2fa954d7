"""The comparison's pictures, named as each run's own page names them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.models import Run
from tests.pages.compare.test_compare import COMPARE, asked
from tests.pages.metrics.test_metric_kinds import PNG, write

pytestmark = pytest.mark.django_db
Save = Callable[[Run, str], None]


@pytest.fixture
def save(files_dir: Path, actor: Actor, now: int) -> Save:
    def save(run: Run, path: str) -> None:
        save_file(run, path, [PNG], actor=actor, now=now, limit=10**6)

    return save


def offered(page: Any) -> list[str]:
    [menu] = re.findall(r'id="image-name"(.*?)</select>', page.text, re.DOTALL)
    return [unescape(name) for name in re.findall(r"<option[^>]*>([^<]*)", menu)]


def shown(page: Any) -> list[str]:
    """The paths of the pictures at the chosen step."""
    found = re.findall(r'<img src="[^"]*/files/raw/([^"?]*)', page.text)
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
    assert "No image" in visitor.get(COMPARE, asked("a", "b", step="8")).text
