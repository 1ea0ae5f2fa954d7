"""The run page's tab Images."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from runs.models import Run
from runs.pages.run import images as run_images
from runs.search.files.images import list_images
from tests.pages.metrics.test_metric_kinds import PNG, write
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, keep
from tests.parts.elements import texts

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

IMAGES = f"{PAGE}images/"
SMALL, HUGE = PNG + b"\0\0\0\x10\0\0\0\x10", PNG + b"\0\0\x27\x10" * 2


def image(run: Run, key: str, *paths: str) -> None:
    """As the SDK's log_image keeps them."""
    for path in paths:
        keep(run, path, SMALL)
    home = "aml://artifactId/ExperimentRun/dcid.run-1"
    write(run, "image", key, *(f"{home}/{quote(path)}" for path in paths))


def found(run: Run) -> list[tuple[str, int | None, str, bool]]:
    return [(i.name, i.step, i.path, i.small is not None) for i in list_images(run)]


def test_without_images_the_tab_says_how_to_log_one(browser: Client, run: Run) -> None:
    snippets = texts(browser.get(IMAGES), ".snippet pre")
    assert 'mlflow.log_image(image, key="samples", step=1)' in snippets


def test_an_image_metric_has_its_name_and_steps(run: Run) -> None:
    image(run, "val/roc", "val/roc_1.png", "val/roc_2.png")
    assert found(run) == [
        ("val/roc", 0, "val/roc_1.png", False),
        ("val/roc", 1, "val/roc_2.png", False),
    ]


@pytest.mark.parametrize(("mark", "slash"), [("+", "~"), ("%", "#")])
def test_mlflow_images_have_their_key_and_step(run: Run, mark: str, slash: str) -> None:
    for step in (2, 10):
        words = [f"dogs{slash}cats", "step", str(step), "timestamp", "99", f"ab-{step}"]
        name = mark.join(words)
        keep(run, f"images/{name}.png", SMALL)
        keep(run, f"images/{name}{mark}compressed.webp", b"RIFF")
    assert [(name, step, small) for name, step, _path, small in found(run)] == [
        ("dogs/cats", 2, True),
        ("dogs/cats", 10, True),
    ]


def test_files_that_differ_by_a_number_are_steps_of_one_name(run: Run) -> None:
    for path in (
        "epoch_1.png",
        "epoch_2.png",
        "out/fake_step2.png",
        "out/fake_step10.png",
        "logo.svg",
        "x7.png",
    ):
        keep(run, path, SMALL)
    assert [(name, step) for name, step, *_ in found(run)] == [
        ("epoch", 1),
        ("epoch", 2),
        ("logo.svg", None),
        ("out/fake", 2),
        ("out/fake", 10),
        ("x7.png", None),
    ]


def test_the_gallery_shows_the_chosen_names(browser: Client, run: Run) -> None:
    image(run, "a", "a_1.png", "a_2.png")
    image(run, "b", "b_1.png")
    page = browser.get(f"{IMAGES}?name=a")
    assert "Running" in page.text
    assert [name for name, _tiles in page.context["groups"]] == ["a"]
    assert page.text.count('loading="lazy"') == 2
    assert "b_1.png" not in browser.get(f"{IMAGES}?name=a", headers=HTMX).text


def test_the_checked_columns_are_shown(browser: Client, run: Run) -> None:
    image(run, "a", "a_1.png")
    image(run, "b", "b_1.png")
    for query, ticked in (
        ("", 2),
        ("?name=a", 1),
        ("?none=1", 0),
        ("?none=1&side=1", 0),
    ):
        page = browser.get(IMAGES + query)
        assert page.text.count(" checked>") == ticked
        assert sum(chosen for _name, _count, chosen in page.context["names"]) == ticked
        assert ("No image selected" in page.text) == (not ticked)
        assert f">{ticked}</span> of 2 shown" in page.text


def test_side_by_side_has_a_row_per_step(browser: Client, run: Run) -> None:
    image(run, "a", "a_1.png", "a_2.png")
    image(run, "b", "b_1.png")
    context = browser.get(f"{IMAGES}?side=1").context
    assert context["columns"] == ["a", "b"]
    rows = [
        (step, [bool(tile) for tile in tiles]) for step, tiles in context["side_rows"]
    ]
    assert rows == [("0", [True, True]), ("1", [True, False])]


def test_an_open_image_links_to_the_previous_and_next(
    browser: Client, run: Run
) -> None:
    image(run, "a", "a_1.png", "a_2.png", "a_3.png")
    context = browser.get(f"{IMAGES}?open=a_2.png").context
    assert context["place"] == "2 of 3"
    assert "open=a_1.png" in context["before_href"]
    assert "open=a_3.png" in context["after_href"]
    assert "opened" not in browser.get(f"{IMAGES}?open=nosuch").context


def test_an_image_of_a_hundred_megapixels_is_named_and_not_shown(
    browser: Client, run: Run
) -> None:
    keep(run, "huge.png", HUGE)
    page = browser.get(f"{IMAGES}?open=huge.png").text
    assert "10000 × 10000" in page
    assert "<img" not in page.partition('id="image-view"')[2]


def test_many_images_are_shown_on_demand(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_images, "INITIAL_IMAGES", 2)
    image(run, "a", *(f"a_{n}.png" for n in range(5)))
    page = browser.get(IMAGES)
    assert page.text.count('loading="lazy"') == 2
    more = browser.get(f"{IMAGES}?{page.context['more_query']}")
    assert more.text.count('loading="lazy"') == 4


def test_a_hostile_image_name_is_escaped(browser: Client, run: Run) -> None:
    keep(run, '"><script>x</script>.png', SMALL)
    assert "x" not in texts(browser.get(IMAGES), "script")


def test_the_tab_costs_the_same_queries_for_any_number(
    browser: Client, run: Run
) -> None:
    image(run, "a", "a_1.png")
    before = cost(browser, IMAGES)
    for name in "bcd":
        image(run, name, *(f"{name}_{n}.png" for n in range(4)))
    assert cost(browser, IMAGES) == before


def test_the_tab_label_counts_the_images(browser: Client, run: Run) -> None:
    image(run, "a", "a_1.png")
    keep(run, "images/k+step+1+timestamp+9+u+compressed.webp", b"RIFF")
    tabs: Any = {tab.name: tab.count for tab in browser.get(PAGE).context["tabs"]}
    assert tabs["images"] == 1
