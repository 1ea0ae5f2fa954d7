"""The run page's tab Media: what it lists, and what it shows at a step."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.run_edits import set_run_tags
from runs.models import Run
from runs.pages.media import state as media_state
from runs.pages.media.panels import MediaPanel, MediaValue
from tests.pages.metrics.test_metric_kinds import PNG, write
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, keep
from tests.parts.elements import one, texts
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

MEDIA = f"{PAGE}media/"
SMALL, HUGE = PNG + b"\0\0\0\x10\0\0\0\x10", PNG + b"\0\0\x27\x10" * 2


def image(run: Run, key: str, *paths: str) -> None:
    """As v1's log_image keeps them."""
    for path in paths:
        keep(run, path, SMALL)
    home = "aml://artifactId/ExperimentRun/dcid.run-1"
    write(run, "image", key, *(f"{home}/{quote(path)}" for path in paths))


def logged(
    run: Run, name: str, step: int, *items: dict[str, Any], batch: str = "ab"
) -> None:
    """As the SDK's log_image keeps several images of a step."""
    stem = f"media/{name}/step_{step:08d}_{batch}"
    entries = []
    for at, item in enumerate(items):
        keep(run, f"{stem}_{at}.png", SMALL)
        for layer in item.get("layers", ()):
            keep(run, f"media/{name}/{layer['file']}", SMALL)
        entries.append({"file": f"step_{step:08d}_{batch}_{at}.png", **item})
    document = json.dumps({"version": 1, "items": entries})
    keep(run, f"{stem}.media.json", document.encode())


def panels(browser: Client, query: str = "") -> list[MediaPanel]:
    page = browser.get(MEDIA + query)
    assert page.status_code == 200
    found: list[MediaPanel] = page.context["panels"]
    return found


def sources(panel: MediaPanel) -> list[str]:
    return [tile.path.rpartition("/")[2] for tile in panel.tiles]


def test_without_media_the_tab_says_how_to_log_some(browser: Client, run: Run) -> None:
    snippets = texts(browser.get(MEDIA), ".snippet pre")
    assert 'mlflow.log_image(image, key="samples", step=1)' in snippets


@pytest.mark.parametrize("query", ["", "?name=a&side=1&open=a_1.png"])
def test_addresses_of_images_lead_here(browser: Client, run: Run, query: str) -> None:
    answer = browser.get(f"{PAGE}images/{query}")
    assert (answer.status_code, answer["Location"]) == (301, MEDIA + query)


def test_an_image_metric_has_its_name_and_steps(browser: Client, run: Run) -> None:
    image(run, "val/roc", "val/roc_1.png", "val/roc_2.png")
    [panel] = panels(browser)
    assert (panel.name, sources(panel)) == ("val/roc", ["roc_2.png"])
    [before] = panels(browser, "?step=0")
    assert sources(before) == ["roc_1.png"]


@pytest.mark.parametrize(("mark", "slash"), [("+", "~"), ("%", "#")])
def test_mlflow_images_have_their_thumbnails(
    browser: Client, run: Run, mark: str, slash: str
) -> None:
    for step in (2, 10):
        words = [f"dogs{slash}cats", "step", str(step), "timestamp", "99", f"ab-{step}"]
        name = mark.join(words)
        keep(run, f"images/{name}.png", SMALL)
        keep(run, f"images/{name}{mark}compressed.webp", SMALL)
    [panel] = panels(browser, "?step=5")
    assert (panel.name, panel.step) == ("dogs/cats", 2)
    [tile] = panel.tiles
    assert "compressed.webp" in tile.src
    assert tile.path.endswith(".png")


@pytest.mark.parametrize("tag", ["[", "{}", '[1, {"path": 2, "type": "table"}]'])
def test_tables_that_mlflow_logged_are_shown(
    browser: Client, run: Run, actor: Actor, tag: str
) -> None:
    keep(run, "eval/table.json", b'{"columns": ["a"], "data": [[41], [42]]}')
    keep(run, "config.json", b"{}")
    named = [
        {"path": path, "type": "table"} for path in ("eval/table.json", "gone.csv")
    ]
    for value in (json.dumps(named), tag):
        tags = {"mlflow.loggedArtifacts": value}
        set_run_tags(run, tags, actor=actor, now=NOON)
        page = browser.get(MEDIA)
        is_named = value != tag
        assert [each.name for each in page.context["panels"]] == (
            ["eval/table.json"] if is_named else []
        )
        assert ("42" in "".join(texts(page, ".grid td"))) is is_named


def test_every_medium_shows_its_last_step_up_to_the_chosen_one(
    browser: Client, run: Run
) -> None:
    for path in ("media/a/step_1.png", "media/a/step_9.png", "media/b/step_5.txt"):
        keep(run, path, SMALL if path.endswith("png") else b"five")
    assert [panel.step for panel in panels(browser)] == [9, 5]
    assert [panel.step for panel in panels(browser, "?step=8")] == [1, 5]
    early = panels(browser, "?step=2")
    assert [panel.step for panel in early] == [1, None]
    assert (early[1].first_step, early[1].tiles) == (5, [])
    slider = browser.get(f"{MEDIA}?step=5").context["slider"]
    assert (slider.steps, slider.at) == ([1, 5, 9], 1)
    assert ("step=1" in slider.before, "step=9" in slider.after) == (True, True)


def test_captions_values_and_layers_come_from_the_manifest(
    browser: Client, run: Run
) -> None:
    layer = {"name": "Truth", "file": "step_00000003_ab_0.layer0.png"}
    logged(
        run,
        "val/overlay",
        3,
        {"caption": "good", "values": {"dice": 0.9}},
        {"caption": "bad", "values": {"dice": 0.1}, "layers": [layer]},
    )
    [panel] = panels(browser)
    assert panel.note == "step 3 · 2 images, lowest dice first"
    assert [(tile.caption, tile.values) for tile in panel.tiles] == [
        ("bad", [MediaValue("dice", "0.1")]),
        ("good", [MediaValue("dice", "0.9")]),
    ]
    assert [one.name for one in panel.tiles[0].layers] == ["Truth"]
    [hidden] = panels(browser, "?off=Truth")
    assert (hidden.tiles[0].layers, hidden.switches[0].is_on) == ([], False)
    [high] = panels(browser, "?order=high")
    assert [tile.caption for tile in high.tiles] == ["good", "bad"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"items": 5}',
        '{"items": [5, {"file": "../../secret.png"}, {"file": 7}]}',
        '{"items": [{"file": "step_00000001_x.png", "values": {"a": "b", "c": [1]}}]}',
        "[" * 100_000,
    ],
)
def test_a_hostile_manifest_shows_the_files_of_its_step(
    browser: Client, run: Run, text: str
) -> None:
    keep(run, "secret.png", SMALL)
    keep(run, "media/a/step_00000001_x.png", SMALL)
    keep(run, "media/a/step_00000001_x.media.json", text.encode())
    [panel] = panels(browser, "?name=a")
    assert sources(panel) == ["step_00000001_x.png"]


def test_over_steps_follows_one_item(browser: Client, run: Run) -> None:
    for step in (1, 2, 3):
        logged(run, "a", step, {"caption": "x"}, {"caption": "y"})
    [panel] = panels(browser, "?view=steps&item=y&step=2")
    assert sources(panel) == ["step_00000001_ab_1.png", "step_00000002_ab_1.png"]
    assert [tile.caption for tile in panel.tiles] == ["step 1", "step 2"]
    assert panel.note == "2 of 3 steps"


def test_the_checked_names_are_shown(browser: Client, run: Run) -> None:
    keep(run, "media/a/step_1.png", SMALL)
    keep(run, "media/b/step_1.png", SMALL)
    for query, ticked in (("", 2), ("?name=a", 1), ("?none=1", 0), ("?all=1", 2)):
        page = browser.get(MEDIA + query)
        assert page.text.count(" checked>") == ticked
        assert ("No media selected" in page.text) == (not ticked)
        assert f">{ticked}</span> of 2 shown" in page.text
    assert "/b/" not in browser.get(f"{MEDIA}?name=a", headers=HTMX).text


def test_an_open_item_links_to_the_previous_and_next(browser: Client, run: Run) -> None:
    for at in range(3):
        keep(run, f"media/a/step_1_{at}.png", SMALL)
    context = browser.get(f"{MEDIA}?open=media/a/step_1_1.png").context
    assert context["place"] == "2 of 3"
    assert "open=media/a/step_1_0.png" in context["before_href"]
    assert "open=media/a/step_1_2.png" in context["after_href"]
    assert "opened" not in browser.get(f"{MEDIA}?open=nosuch").context


def test_an_image_of_a_hundred_megapixels_is_named_and_not_shown(
    browser: Client, run: Run
) -> None:
    keep(run, "huge.png", HUGE)
    page = browser.get(f"{MEDIA}?open=huge.png").text
    assert "10000 × 10000" in page
    assert "<img" not in page.partition('id="media-view"')[2]


def test_a_file_that_is_no_image_is_named_as_such(browser: Client, run: Run) -> None:
    keep(run, "fake.png", b"<html>Not found</html>")
    page = browser.get(MEDIA).text.partition('id="media-view"')[2]
    assert "not an image, 22 bytes" in page
    assert "<img" not in page


def test_many_items_are_shown_on_demand(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_state, "INITIAL_ITEMS", 2)
    for at in range(5):
        keep(run, f"media/a/step_1_{at}.png", SMALL)
    [panel] = panels(browser)
    assert (len(panel.tiles), panel.left) == (2, 3)
    [more] = panels(browser, panel.more_href)
    assert len(more.tiles) == 4


def test_each_kind_is_shown_as_what_it_is(browser: Client, run: Run) -> None:
    histogram = {"edges": [0, 1, 2], "counts": [3, 1]}
    keep(run, "media/h/step_1.histogram.json", json.dumps(histogram).encode())
    table = {"columns": ["digit"], "data": [[7]]}
    keep(run, "media/t/step_1.table.json", json.dumps(table).encode())
    keep(run, "media/w/step_1.wav", b"RIFF")
    keep(run, "media/v/step_1.mp4", b"x")
    keep(run, "media/x/step_1.txt", b"<b>words</b>")
    page = browser.get(f"{MEDIA}?all=1")
    assert [panel.kind for panel in page.context["panels"]] == [
        *("histogram", "table", "video", "audio", "text")
    ]
    assert texts(page, ".kind-table td") == ["1", "7"]
    assert texts(page, ".media-text") == ["<b>words</b>"]
    for tag in ("<audio controls", "<video controls", '<svg class="media-histogram"'):
        assert tag in page.text


@pytest.mark.parametrize(
    "document",
    [
        {"edges": [0, 1], "counts": [1, 2]},
        {"edges": [1, 0], "counts": [1]},
        {"edges": [0, 1], "counts": [-1]},
        {"edges": ["<", 1], "counts": [1]},
        {"edges": [0, 10**400], "counts": [1]},
        [],
    ],
)
def test_an_invalid_histogram_says_so(
    browser: Client, run: Run, document: object
) -> None:
    keep(run, "media/h/step_1.histogram.json", json.dumps(document).encode())
    assert "not a valid histogram" in browser.get(MEDIA).text


def test_a_hostile_name_is_escaped(browser: Client, run: Run) -> None:
    keep(run, '"><script>x</script>.png', SMALL)
    keep(run, "media/<script>x</script>/step_1.png", SMALL)
    assert "x" not in texts(browser.get(MEDIA), "script")


@pytest.mark.parametrize("query", ["", "&view=steps"])
def test_the_tab_costs_the_same_queries_for_any_number(
    browser: Client, run: Run, query: str
) -> None:
    image(run, "m", "m_1.png")
    logged(run, "a", 1, {"caption": "x"})
    before = cost(browser, f"{MEDIA}?all=1{query}")
    for name in "bcd":
        image(run, f"m{name}", *(f"{name}_{n}.png" for n in range(4)))
        for step in range(3):
            logged(run, name, step, {"caption": "x"}, {"caption": "y"})
    assert cost(browser, f"{MEDIA}?all=1{query}") == before


def test_the_tab_label_counts_the_names(browser: Client, run: Run) -> None:
    image(run, "a", "a_1.png")
    keep(run, "images/k+step+1+timestamp+9+u.png", SMALL)
    keep(run, "images/k+step+1+timestamp+9+u+compressed.webp", b"RIFF")
    tabs: Any = {tab.name: tab.count for tab in browser.get(PAGE).context["tabs"]}
    assert tabs["media"] == 2


def test_new_replaced_and_deleted_files_are_noticed(browser: Client, run: Run) -> None:
    first = keep(run, "media/a/step_1.txt", b"one")
    assert [panel.step for panel in panels(browser)] == [1]
    keep(run, "media/a/step_2.txt", b"two")
    assert [panel.step for panel in panels(browser)] == [2]
    first.delete()
    assert browser.get(MEDIA).context["slider"].steps == [2]
    keep(run, "media/a/step_2.txt", b"again")
    assert "again" in texts(browser.get(MEDIA), ".media-text")


def values_of(panel: MediaPanel) -> list[tuple[str, bool]]:
    return [(each.text, bool(each.far)) for tile in panel.tiles for each in tile.values]


def test_values_far_from_the_others_are_marked_at_the_end_that_comes_first(
    browser: Client, run: Run
) -> None:
    scores = (0.412, 0.533, 0.618, 0.664, 0.702, 0.741, 0.768, 0.792, 0.934)
    logged(run, "val/overlay", 1, *({"values": {"dice": each}} for each in scores))
    [panel] = panels(browser)
    marked = [text for text, is_far in values_of(panel) if is_far]
    assert marked == ["0.412", "0.533"]
    page = browser.get(MEDIA)
    shown = ".media-caption .bad"
    far = " (much lower than others of this step)"
    assert texts(page, shown) == [f"0.412{far}", f"0.533{far}"]
    [panel] = panels(browser, "?order=high")
    assert [text for text, is_far in values_of(panel) if is_far] == ["0.934"]


def test_a_few_or_equal_values_and_nan_are_not_far(browser: Client, run: Run) -> None:
    few = ({"values": {"dice": each}} for each in (0.1, 0.9, 0.9, float("nan")))
    equal = ({"values": {"dice": 0.5}} for _each in range(5))
    huge = ({"values": {"dice": each}} for each in (1e308, 1e308, 1e308, -1e308))
    for name, items in (("few", few), ("equal", equal), ("huge", huge)):
        logged(run, name, 1, *items)
    marks = {each.name: values_of(each) for each in panels(browser)}
    assert [is_far for _text, is_far in marks["few"]] == [False] * 4
    assert [is_far for _text, is_far in marks["equal"]] == [False] * 5
    assert [is_far for _text, is_far in marks["huge"]] == [True, False, False, False]


def test_steps_have_groups_of_digits_and_are_read_with_them(
    browser: Client, run: Run
) -> None:
    for step in (1000, 12000):
        logged(run, "val/overlay", step, {"caption": "0412"})
    page = browser.get(f"{MEDIA}?step=1,000")
    assert one(page, "#media-step-box").attributes["value"] == "1,000"
    assert one(page, "#media-step").attributes["aria-valuetext"] == "1,000"
    assert page.context["panels"][0].step == 1000


def test_all_steps_of_a_medium_are_one_download(browser: Client, run: Run) -> None:
    logged(run, "val/overlay", 1, {"caption": "a"}, {"caption": "b"})
    [panel] = panels(browser)
    assert panel.archive == f"{PAGE}files/all.zip?folder=media/val/overlay"
    assert browser.get(panel.archive)["Content-Type"] == "application/zip"
