"""The list of logged models, and the page of one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file
from runs.actions.ingest import log_metrics_of_models
from runs.actions.ingest.points_and_params import Point
from runs.models import Dataset, Experiment, LoggedModel, Run, User, Workspace
from tests.access.people import browser_of
from tests.parts.elements import every, hrefs, one, texts
from tests.parts.records import NOON
from tests.search.lineage.lineage_rows import LineageRows

PAGE = "/w/default/logged-models/"


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def rows(experiment: Experiment, actor: Actor) -> LineageRows:
    return LineageRows(experiment, actor)


def names(browser: Client, query: str = "") -> list[str]:
    return [line.model.name for line in browser.get(PAGE + query).context["lines"]]


def test_a_row_shows_the_run_the_experiment_and_the_metrics(
    browser: Client, rows: LineageRows, actor: Actor
) -> None:
    run = rows.run("train")
    model = rows.write_model(run, "classifier", model_type="agent")
    point = Point("acc", 0.5, NOON, 1, model_id=model.model_id)
    log_metrics_of_models(run, [point], actor=actor, now=NOON)
    page = browser.get(PAGE)
    assert {
        f"{PAGE}{model.model_id}/",
        "/w/default/runs/train/",
        "/w/default/experiments/digits/",
    } <= set(hrefs(page, "tbody a"))
    [line] = page.context["lines"]
    assert [(m.key, m.text) for m in line.metrics] == [("acc", "0.5")]
    assert (line.model.model_type, line.status) == ("agent", "Pending")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class", ["classifier"]),
        ("name:tagger", ["tagger"]),
        ("type = agent", ["tagger"]),
        ("params.C = 1", ["classifier"]),
        ("not params.C = 1", ["tagger"]),
        ("metrics.acc > 0.4", ["classifier"]),
        ("metrics.acc > 0.6", []),
        ("tags.stage:final or name:tagger", ["tagger", "classifier"]),
        ("experiment:digits created:-3650d", ["tagger", "classifier"]),
        ("no such model", []),
        ("param:C=1", ["classifier"]),
        ("created is null", []),
    ],
)
def test_the_box_finds_models(
    browser: Client, rows: LineageRows, actor: Actor, text: str, found: list[str]
) -> None:
    run = rows.run("train")
    model = rows.write_model(
        run, "classifier", params={"C": "1"}, tags={"stage": "final"}
    )
    rows.write_model(run, "tagger", model_type="agent")
    point = Point("acc", 0.5, NOON, 1, model_id=model.model_id)
    log_metrics_of_models(run, [point], actor=actor, now=NOON)
    assert names(browser, f"?q={quote(text)}") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("submitter:me", "Unknown field 'submitter' at character 1."),
        ("a/b (", "Expected a term at character 6."),
        ("a nmae:x", "Try name."),
    ],
)
@pytest.mark.parametrize("sort", ["name", "nosuch"])
def test_an_invalid_filter_is_refused_with_its_position(
    browser: Client, rows: LineageRows, text: str, message: str, sort: str
) -> None:
    rows.write_model(rows.run("train"), "classifier")
    path = f"{PAGE}?q={quote(text)}&sort={sort}"
    page = browser.get(path)
    assert page.status_code == 400
    [note] = texts(page, "[role=alert]")
    assert message in note
    assert not page.context["lines"]
    assert browser.get(path, headers={"HX-Request": "true"}).status_code == 422


@pytest.mark.parametrize("query", ["?sort=color", "?after=999999999999"])
def test_an_unknown_sort_or_cursor_is_named_above_the_first_page(
    browser: Client, rows: LineageRows, query: str
) -> None:
    rows.write_model(rows.run("train"), "classifier")
    page = browser.get(f"{PAGE}{query}")
    assert page.status_code == 200
    assert len(page.context["lines"]) == len(page.context["complaints"]) == 1


@pytest.mark.parametrize("sort", ["", "created", "name", "-name", "type"])
def test_pages_have_each_model_once_in_both_directions(
    browser: Client, rows: LineageRows, sort: str
) -> None:
    run = rows.run("train")
    # Equal names, types and times.
    for number in range(60):
        rows.write_model(run, f"m{number // 7}", model_type=f"t{number % 2}")
    there, pages = [], [f"?rows=25&sort={sort}"]
    while pages[-1]:
        page = browser.get(PAGE + pages[-1])
        there.append([line.model.pk for line in page.context["lines"]])
        pages.append(page.context["next"])
    assert len({key for part in there for key in part}) == 60
    assert [len(part) for part in there] == [25, 25, 10]
    back = browser.get(PAGE + page.context["previous"])
    assert [line.model.pk for line in back.context["lines"]] == there[1]
    assert not browser.get(PAGE + back.context["previous"]).context["previous"]


def test_models_in_the_trash_are_not_listed_and_have_no_page(
    browser: Client, rows: LineageRows
) -> None:
    model = rows.write_model(rows.run("train"), "classifier")
    LoggedModel.objects.update(deleted=NOON)
    assert names(browser) == []
    assert browser.get(f"{PAGE}{model.model_id}/").status_code == 404


def test_models_of_a_deleted_experiment_are_not_listed(
    browser: Client, rows: LineageRows
) -> None:
    model = rows.write_model(rows.run("train"), "classifier")
    Experiment.objects.filter(pk=rows.experiment.pk).update(deleted=NOON)
    assert names(browser) == []
    assert browser.get(f"{PAGE}{model.model_id}/").status_code == 404


def test_another_workspace_is_not_seen(
    browser: Client, rows: LineageRows, actor: Actor, owner: User
) -> None:
    model = rows.write_model(rows.run("train"), "classifier")
    other = Workspace.objects.create(name="other")
    other.members.create(user=owner, role=10)
    assert browser.get("/w/other/logged-models/").context["lines"] == []
    assert browser.get(f"/w/other/logged-models/{model.model_id}/").status_code == 404


def test_a_model_of_another_workspace_is_no_cursor(
    browser: Client, rows: LineageRows, actor: Actor
) -> None:
    rows.write_model(rows.run("train"), "classifier")
    other = Workspace.objects.create(name="other")
    foreign = LineageRows(create_experiment(other, "e", actor=actor, now=NOON), actor)
    secret = foreign.write_model(foreign.run("train"), "a-secret")
    page = browser.get(f"{PAGE}?sort=name&after={secret.pk}")
    # Its place among the names would tell the name.
    assert len(page.context["complaints"]) == 1


def count_queries(browser: Client, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_the_cost_of_the_list_does_not_depend_on_its_rows(
    browser: Client, rows: LineageRows, actor: Actor
) -> None:
    counts = []
    for start, end in ((0, 2), (2, 20)):
        for number in range(start, end):
            run = rows.run(f"r{number}")
            model = rows.write_model(run, f"m{number}")
            rows.version("digits", model, number + 1)
            point = Point("acc", 0.5, NOON, 1, model_id=model.model_id)
            log_metrics_of_models(run, [point], actor=actor, now=NOON)
        counts.append(count_queries(browser, PAGE))
    # PostgreSQL is told its time limit by a statement of its own.
    assert counts[0] == counts[1] <= 15 + (connection.vendor == "postgresql")


@pytest.fixture
def model(rows: LineageRows, actor: Actor) -> Any:
    run, reader = rows.run("train"), rows.run("evaluate")
    dataset = rows.read_dataset(run, "points", "training")
    model = rows.write_model(run, "classifier", params={"C": "1"}, tags={"k": "<b>"})
    rows.read_model(reader, model)
    rows.version("digits", model)
    point = Point(
        "acc",
        0.5,
        NOON,
        1,
        model.model_id,
        dataset_name=dataset.name,
        dataset_digest=dataset.digest,
    )
    log_metrics_of_models(reader, [point], actor=actor, now=NOON)
    return model


def test_a_model_links_its_run_data_versions_and_readers(
    browser: Client, model: LoggedModel
) -> None:
    page = browser.get(f"{PAGE}{model.model_id}/")
    links = set(hrefs(page, "main .columns a"))
    assert {
        "/w/default/runs/train/",
        "/w/default/runs/evaluate/",
        "/w/default/models/digits/1/",
        "/w/default/models/digits/",
        f"/w/default/datasets/{Dataset.objects.get().pk}/",
    } <= links
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text.split("</h1>")[1].split("</main>")[0].replace(
        '<b class="strong">', ""
    )


def test_a_model_shows_its_lineage_as_a_drawing_and_as_a_table(
    browser: Client, model: LoggedModel
) -> None:
    page = browser.get(f"{PAGE}{model.model_id}/")
    drawn, listed = hrefs(page, "#lineage svg a"), hrefs(page, "#lineage th a")
    assert sorted(drawn) == sorted(listed)
    assert len(drawn) == 5


def test_the_cost_of_a_model_does_not_depend_on_its_links(
    browser: Client, model: LoggedModel, rows: LineageRows
) -> None:
    path = f"{PAGE}{model.model_id}/"
    few = count_queries(browser, path)
    for number in range(20):
        rows.read_model(rows.run(f"more{number}"), model)
        rows.version("digits", model, number + 2)
    assert count_queries(browser, path) == few <= 34


def test_the_runs_page_links_the_model_and_back(
    browser: Client, model: LoggedModel
) -> None:
    path = f"{PAGE}{model.model_id}/"
    for run in ("train", "evaluate"):
        assert path in hrefs(browser.get(f"/w/default/runs/{run}/"), "#run-models a")


def test_a_run_counts_the_models_that_it_reads_and_its_own_once(
    browser: Client, model: LoggedModel, rows: LineageRows
) -> None:
    assert model.source_run is not None
    rows.read_model(model.source_run, model)
    for run in ("train", "evaluate"):
        page = browser.get(f"/w/default/runs/{run}/")
        assert texts(page, "#run-models .count") == ["1"]
        assert len(every(page, "#run-models tbody tr")) == 1


def test_a_model_without_a_run_still_has_a_page(
    browser: Client, rows: LineageRows
) -> None:
    model = rows.write_model(rows.run("train"), "classifier")
    LoggedModel.objects.update(source_run=None)
    assert browser.get(f"{PAGE}{model.model_id}/").status_code == 200
    assert names(browser) == ["classifier"]
    assert Run.objects.exists()


def test_a_run_has_a_lineage_if_it_reads_or_writes_anything(
    browser: Client, model: LoggedModel, rows: LineageRows
) -> None:
    assert model.source_run is not None
    path = "/w/default/runs/train/"
    assert f"{path}lineage/" in hrefs(browser.get(path), "#run-tabs a")
    page = browser.get(f"{path}lineage/")
    assert len(hrefs(page, "#lineage svg a")) == 5
    polled = {"HX-Request": "true", "If-None-Match": page["ETag"]}
    assert browser.get(f"{path}lineage/", headers=polled).status_code == 304
    rows.read_model(rows.run("later"), model)
    assert browser.get(f"{path}lineage/", headers=polled).status_code == 200


def test_a_run_whose_files_are_registered_has_a_lineage(
    browser: Client, model: LoggedModel, rows: LineageRows
) -> None:
    run = rows.run("older-client")
    version = rows.version("digits", model, 2)
    version.logged_model, version.files_run = None, run
    version.save()
    path = "/w/default/runs/older-client/"
    assert f"{path}lineage/" in hrefs(browser.get(path), "#run-tabs a")
    page = browser.get(f"{path}lineage/")
    assert "/w/default/models/digits/2/" in hrefs(page, "#lineage svg a")


def test_a_run_without_data_and_models_has_no_lineage(
    browser: Client, rows: LineageRows
) -> None:
    rows.run("alone")
    path = "/w/default/runs/alone/"
    assert f"{path}lineage/" not in hrefs(browser.get(path), "#run-tabs a")
    assert "No lineage yet" in browser.get(f"{path}lineage/").text


MLMODEL = b"""
flavors:
  sklearn: {sklearn_version: 1.7.2}
  python_function: {python_version: 3.11.7}
signature:
  inputs: '[{"type": "double", "name": "x <b>", "required": true}]'
  outputs: '[{"type": "long"}]'
"""


def keep(model: LoggedModel, path: str, data: bytes, actor: Actor) -> None:
    save_file(model, path, [data], actor=actor, now=NOON, limit=10**6)


def test_a_model_shows_its_signature_and_its_files(
    browser: Client, model: LoggedModel, actor: Actor, files_dir: Path
) -> None:
    keep(model, "MLmodel", MLMODEL, actor)
    keep(model, "data/a b.txt", b"hello", actor)
    path = f"{PAGE}{model.model_id}/"
    page = browser.get(path)
    assert texts(page, "#signature td") == ["x <b>", "double", "–", "long"]
    assert texts(page, "#signature .chip") == ["sklearn 1.7.2"]
    files = browser.get(f"{path}files/")
    assert f"{path}files/?path=data/a%20b.txt" in hrefs(files, "#run-tree a")
    assert "sklearn_version" in one(files, "#file-view").text
    shown = browser.get(f"{path}files/?path=data/a%20b.txt")
    assert "hello" in one(shown, "#file-view").text


def test_a_file_of_a_model_and_an_archive_of_all_can_be_downloaded(
    browser: Client, model: LoggedModel, actor: Actor, files_dir: Path
) -> None:
    keep(model, "data/a.html", b"<script>", actor)
    path = f"{PAGE}{model.model_id}/files/"
    one_file = browser.get(f"{path}raw/data/a.html")
    assert b"".join(one_file) == b"<script>"
    assert one_file["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(browser.get(f"{path}all.zip"))))
    assert archive.read("data/a.html") == b"<script>"
    assert browser.get(f"{path}raw/data/nosuch").status_code == 404
    assert browser.get(f"{path}?path=../secret").status_code == 400


@pytest.mark.parametrize("text", [b"flavors: [", b"\xff\xfe", b"a: &a [*a]", b"[]"])
def test_a_broken_description_of_a_model_breaks_no_page(
    browser: Client, model: LoggedModel, actor: Actor, files_dir: Path, text: bytes
) -> None:
    keep(model, "MLmodel", text, actor)
    page = browser.get(f"{PAGE}{model.model_id}/")
    assert page.status_code == 200
    assert not every(page, "#signature")
