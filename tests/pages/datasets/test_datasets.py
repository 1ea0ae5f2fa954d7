"""The list of datasets, and the page of one."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import SERVER, Actor
from runs.actions.ingest import DatasetUse, log_run_inputs
from runs.models import Dataset, Experiment, Run, User, Workspace
from tests.access.people import browser_of
from tests.parts.elements import every, hrefs, texts
from tests.parts.records import NOON
from tests.search.lineage.lineage_rows import LineageRows

PAGE = "/w/default/datasets/"
COLUMNS = [
    {"type": "double", "name": "x <b>", "required": True},
    {"type": "long", "name": "y", "required": False},
]


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def rows(experiment: Experiment, actor: Actor) -> LineageRows:
    return LineageRows(experiment, actor)


def names(browser: Client, query: str = "") -> list[str]:
    return [line.dataset.name for line in browser.get(PAGE + query).context["lines"]]


def test_a_row_counts_the_runs_and_says_what_they_read_it_for(
    browser: Client, rows: LineageRows
) -> None:
    rows.read_dataset(rows.run("a"), "points", "training")
    rows.read_dataset(rows.run("b"), "points", "eval")
    gone = rows.run("c")
    dataset = rows.read_dataset(gone, "points", "test")
    Run.objects.filter(pk=gone.pk).update(deleted=NOON)
    page = browser.get(PAGE)
    [line] = page.context["lines"]
    assert (line.usage.runs, line.usage.contexts) == (2, ("eval", "training"))
    assert f"{PAGE}{dataset.pk}/" in hrefs(page, "tbody .name a")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("poi", ["points"]),
        ("d-lines", ["lines"]),
        ("name:lines or name:points", ["lines", "points"]),
        ("not name:lines", ["points"]),
        ("experiment:digits type = local", ["lines", "points"]),
        ("experiment:other", []),
    ],
)
def test_the_box_finds_datasets(
    browser: Client, rows: LineageRows, text: str, found: list[str]
) -> None:
    run = rows.run("train")
    for name in ("points", "lines"):
        rows.read_dataset(run, name)
    assert names(browser, f"?q={quote(text)}") == found


def test_a_field_that_datasets_lack_is_refused(browser: Client) -> None:
    page = browser.get(f"{PAGE}?q=tags.stage:final")
    assert page.status_code == 400
    assert "at character 1." in page.context["problem"]


def test_pages_have_each_dataset_once(browser: Client, rows: LineageRows) -> None:
    run = rows.run("train")
    for number in range(30):
        rows.read_dataset(run, f"d{number:02}")
    first = browser.get(f"{PAGE}?sort=name&rows=25")
    second = browser.get(PAGE + first.context["next"])
    shown = [
        line.dataset.name for page in (first, second) for line in page.context["lines"]
    ]
    assert shown == [f"d{number:02}" for number in range(30)]
    assert names(browser)[0] == "d29"


def test_a_dataset_of_a_deleted_experiment_or_another_workspace_is_not_found(
    browser: Client, rows: LineageRows, owner: User
) -> None:
    dataset = rows.read_dataset(rows.run("train"), "points")
    other = Workspace.objects.create(name="other")
    other.members.create(user=owner, role=30)
    assert browser.get(f"/w/other/datasets/{dataset.pk}/").status_code == 404
    assert browser.get("/w/other/datasets/").context["lines"] == []
    Experiment.objects.filter(pk=rows.experiment.pk).update(deleted=NOON)
    assert browser.get(f"{PAGE}{dataset.pk}/").status_code == 404
    assert names(browser) == []


@pytest.fixture
def points(rows: LineageRows) -> Dataset:
    run = rows.run("train")
    use = DatasetUse(
        "points",
        "abc",
        "http",
        json.dumps({"url": "https://x.example/p.csv"}),
        schema=json.dumps({"mlflow_colspec": COLUMNS}),
        profile=json.dumps({"num_rows": 1200, "shapes": {"x": [3, 4]}}),
        tags=(("mlflow.data.context", "training"),),
    )
    log_run_inputs(run, [use], (), actor=SERVER, now=NOON)
    rows.write_model(run, "classifier")
    return Dataset.objects.get(name="points")


def test_a_dataset_shows_its_columns_size_runs_and_models(
    browser: Client, points: Dataset
) -> None:
    page = browser.get(f"{PAGE}{points.pk}/")
    assert texts(page, "#schema td") == ["x <b>", "double", "y", "long optional"]
    assert texts(page, "#profile tr") == ["num_rows1,200", "shapes.x[3, 4]"]
    assert texts(page, "#uses td")[:2] == ["train", "training"]
    assert texts(page, "#models td")[:2] == ["classifier", "train"]
    assert "https://x.example/p.csv" in page.text
    assert len(hrefs(page, "#lineage svg a")) == 3


HALF_PAIR = '"\\ud800"'


@pytest.mark.parametrize(
    "given",
    [
        {"profile": f'{{"a": {HALF_PAIR}, {HALF_PAIR}: 1}}'},
        {"schema": f'{{"mlflow_colspec": [{{"name": {HALF_PAIR}}}]}}'},
        {"schema": f'{{"mlflow_colspec": [{{"default": [{HALF_PAIR}]}}]}}'},
        {
            "schema": f'{{"mlflow_colspec": [{{"type": "object", "properties":'
            f" {{{HALF_PAIR}: {{}}}}}}]}}"
        },
        {"source": f'{{"uri": {HALF_PAIR}}}'},
        {"source": "[" * 100_000},
    ],
)
def test_whatever_json_a_client_sent_the_pages_are_shown(
    browser: Client, rows: LineageRows, given: dict[str, str]
) -> None:
    dataset = rows.read_dataset(rows.run("train"), "points")
    Dataset.objects.update(**given)
    for path in (f"{PAGE}{dataset.pk}/", "/w/default/runs/train/"):
        assert browser.get(path).status_code == 200


def test_the_link_to_all_runs_finds_the_run(browser: Client, points: Dataset) -> None:
    page = browser.get(f"{PAGE}{points.pk}/")
    [href] = [link for link in hrefs(page, ".toolbar a") if "/runs/?" in link]
    assert [link["title"] for link in every(browser.get(href), "[data-row-link]")] == [
        "train"
    ]


def test_the_runs_page_links_the_dataset_and_shows_its_columns(
    browser: Client, points: Dataset
) -> None:
    page = browser.get("/w/default/runs/train/")
    assert f"{PAGE}{points.pk}/" in hrefs(page, "#run-datasets a")
    assert texts(page, "#run-datasets summary") == ["Schema of points 2"]
    assert texts(page, "#run-datasets details td")[:2] == ["x <b>", "double"]


def test_costs_do_not_depend_on_the_number_of_runs(
    browser: Client, points: Dataset, rows: LineageRows
) -> None:
    def counts() -> list[int]:
        found = []
        for path in (PAGE, f"{PAGE}{points.pk}/"):
            browser.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(path).status_code == 200
            found.append(len(captured))
        return found

    few = counts()
    for number in range(20):
        run = rows.run(f"r{number}")
        rows.read_dataset(run, f"d{number}")
        use = DatasetUse("points", "abc", "http", "{}")
        log_run_inputs(run, [use], (), actor=SERVER, now=NOON)
        rows.write_model(run, f"m{number}")
    assert counts() == few
    # PostgreSQL is told its time limit by a statement of its own.
    assert few[0] <= 13 + (connection.vendor == "postgresql")
    assert few[1] <= 26
