"""The page of one registered model: what it shows, and what its links do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.registry import create_model, move_alias
from runs.models import Experiment, User
from runs.search.registry import versions_files
from tests.access.people import browser_of
from tests.pages.registry.model_rows import NAME, ModelWorld, make_world
from tests.pages.rows import HTMX
from tests.parts.elements import hrefs, one, texts

pytestmark = pytest.mark.django_db

PAGE = f"/w/default/models/{NAME}/"
PAIR = f"{PAGE}?select=3&select=1"


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def world(
    experiment: Experiment, actor: Actor, now: int, files_dir: Path
) -> ModelWorld:
    return make_world(experiment, actor, now)


def test_a_row_has_the_version_its_run_and_its_metrics(
    browser: Client, world: ModelWorld
) -> None:
    row = texts(browser.get(PAGE), "table.versions tbody tr")[0]
    assert row.startswith("Version 3 @challenger Completed, lr 0.14, wd 5e-4 4.4")
    best = "Best of all versions:"
    assert f"4.4{best} 0.8213{best} 0.679 3 KB ada" in row


def test_rows_are_sorted_by_a_metric(browser: Client, world: ModelWorld) -> None:
    found = texts(browser.get(f"{PAGE}?sort=metrics.val/acc"), "td.name")
    assert found == ["Version 2", "Version 1", "Version 3"]


def test_an_unknown_sort_is_reported_and_the_rest_applied(
    browser: Client, world: ModelWorld
) -> None:
    page = browser.get(f"{PAGE}?sort=colour")
    assert page.status_code == 200
    assert "sort must be one of" in page.text
    assert "Version 3" in page.text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("champion", ["Version 1"]),
        ("@challenger", ["Version 3"]),
        ("version:2", ["Version 2"]),
        ("metrics.latency < 3", ["Version 1"]),
        ("0.13 ada", ["Version 2"]),
        ("lr ben", []),
    ],
)
def test_the_box_filters_versions(
    browser: Client, world: ModelWorld, words: str, found: list[str]
) -> None:
    assert texts(browser.get(PAGE, {"q": words}), "td.name") == found


def test_columns_are_chosen_by_the_address(browser: Client, world: ModelWorld) -> None:
    heads = texts(browser.get(f"{PAGE}?columns=latency"), "thead th")
    assert "latency" in heads
    assert "val/acc" not in heads


def test_the_form_pushes_a_short_address(browser: Client, world: ModelWorld) -> None:
    headers = {**HTMX, "HX-Trigger": "versions-form"}
    query = "?columns=&columns=latency&columns=val/acc&columns=val/loss&q=&select=1"
    page = browser.get(f"{PAGE}{query}&chart=latency", headers=headers)
    assert page.headers["HX-Push-Url"] == f"{PAGE}?select=1"
    assert page.text.startswith('<div id="model-versions"')


def test_two_versions_are_compared(browser: Client, world: ModelWorld) -> None:
    pair = one(browser.get(PAIR), "#version-pair")
    assert pair.text.startswith("Version 1 and version 3baseline 1")
    assert "Move @champion to 3" in pair.text
    assert "3 of 41 differ" in pair.text
    assert "Show 38 with the same version" in pair.text
    assert "float32 [-1, 3, 32, 32] same" in pair.text
    assert "cifar100-aug v6 v7" in pair.text
    assert "pytorch onnx" in pair.text
    assert "+0.0076" in pair.text


def test_the_baseline_can_be_the_newer_version(
    browser: Client, world: ModelWorld
) -> None:
    pair = one(browser.get(f"{PAIR}&base=3"), "#version-pair")
    assert pair.text.startswith("Version 3 and version 1baseline 3")
    assert "Move @challenger to 1" in pair.text


def test_champion_is_moved_where_the_baseline_has_other_aliases(
    browser: Client, world: ModelWorld, actor: Actor, now: int
) -> None:
    move_alias(world.versions[0], "best", actor=actor, now=now)
    page = browser.get(PAIR)
    assert "Move @champion to 3" in one(page, "#version-pair").text
    assert texts(page, "tbody .aliases")[2] == "@champion@best"


def test_the_number_of_queries_does_not_depend_on_the_versions(
    browser: Client, experiment: Experiment, actor: Actor, now: int, files_dir: Path
) -> None:
    def queries_of(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(PAGE + query).status_code == 200
        return len(captured)

    world = make_world(experiment, actor, now)
    queries_of("")
    few, pair = queries_of(""), queries_of("?select=1&select=3")
    for number in range(10, 70):
        copy = world.versions[number % 3]
        copy.pk, copy.number = None, number
        copy.save(force_insert=True)
    assert queries_of("?rows=50") == few <= 26
    assert queries_of("?rows=50&select=1&select=3") == pair <= 40


def test_the_download_has_all_versions(browser: Client, world: ModelWorld) -> None:
    response = browser.get(f"{PAGE}versions.csv")
    rows = response.getvalue().decode().splitlines()
    assert len(rows) == 4
    assert rows[0].startswith("version,aliases,run_id,run,stage,latency,val/acc")
    assert rows[1].startswith('3,challenger,train-14,"lr 0.14, wd 5e-4",None,4.4,')


@pytest.mark.parametrize("tab", ["", "details/", "lineage/", "activity/", "1/"])
def test_every_tab_opens(browser: Client, world: ModelWorld, tab: str) -> None:
    assert browser.get(f"{PAGE}{tab}").status_code == 200


def test_the_activity_names_who_moved_an_alias_and_why(
    browser: Client, world: ModelWorld, ben: User, now: int
) -> None:
    move_alias(world.versions[2], "champion", note="So.", actor=Actor(ben), now=now)
    entry = texts(browser.get(f"{PAGE}activity/"), ".timeline li")[0]
    assert entry.startswith("@champion moved from version 1 to 3“So.”ben ·")


def test_a_version_page_has_files_signature_and_packages(
    browser: Client, world: ModelWorld
) -> None:
    page = browser.get(f"{PAGE}3/")
    assert texts(page, ".signature tbody tr") == [
        "Input–float32 [-1, 3, 32, 32]",
        "Output–float32 [-1, 100]",
    ]
    assert "torch2.5.0" in [row.replace(" ", "") for row in texts(page, ".pairs tr")]
    assert f"{PAGE}3/files/data/model.pth" in hrefs(page, ".file-list a")
    file = browser.get(f"{PAGE}3/files/data/model.pth")
    assert file.getvalue() == b"x" * 2000
    assert browser.get(f"{PAGE}3/all.zip").getvalue().startswith(b"PK")


def test_a_zip_has_more_files_than_the_page_lists(
    browser: Client, world: ModelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions_files, "MAX_LISTED", 1)
    content = browser.get(f"{PAGE}3/all.zip").getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert sorted(names) == ["MLmodel", "data/model.pth", "requirements.txt"]


def test_nothing_is_there_for_strangers_and_unknown_numbers(
    browser: Client, world: ModelWorld, db: None
) -> None:
    stranger = browser_of(User.objects.create(username="eve"))
    assert stranger.get(PAGE).status_code == 404
    for path in ("99/", "99/all.zip", "0/", "1/files/no.txt"):
        assert browser.get(PAGE + path).status_code == 404
    assert browser.get("/w/default/models/nosuch/").status_code == 404


def test_the_run_page_lists_its_versions(browser: Client, world: ModelWorld) -> None:
    page = browser.get("/w/default/runs/train-14/")
    assert f"{PAGE}3/" in hrefs(page, "#run-versions a")


def test_a_model_without_versions_says_how_to_register_one(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    create_model(experiment.workspace, "a b%2F#", actor=actor, now=now)
    page = browser.get("/w/default/models/a%20b%252F%23/")
    assert "No versions yet" in page.text


def test_links_of_the_form_s_answer_have_no_defaults(
    browser: Client, world: ModelWorld
) -> None:
    query = "?columns=&columns=latency&columns=val/acc&columns=val/loss&chart=latency"
    page = browser.get(f"{PAGE}{query}&select=1&select=3", headers=HTMX)
    assert "?select=1&select=3&base=3" in hrefs(page, ".pair-tools a")
