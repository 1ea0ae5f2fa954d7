"""Requests with very many items: a 400 that names them, never a 503 or a long wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from runs.models import File, Run, RunParam
from studio.core.batches import SIZE
from tests.api.protocol import Mlflow
from tests.api.rest import Rest, rest_client

MANY = {f"k{n}": "v" for n in range(1001)}


@pytest.fixture
def rest(db: None) -> Rest:
    rest = rest_client()
    rest.new_run("r1")
    return rest


@pytest.fixture
def strict(db: None) -> Iterator[None]:
    """SQLite as most builds have it: it takes 32,766 values in a question."""
    if connection.vendor != "sqlite":
        yield
        return
    kind = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    usual = connection.connection.setlimit(kind, 32_766)
    yield
    connection.connection.setlimit(kind, usual)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("runs/r1/params", {"params": MANY}, "params"),
        ("runs/r1/properties", {"properties": MANY}, "properties"),
        ("runs/r1/tags", {"set": MANY}, "tags"),
        ("runs/r1/tags", {"remove": list(MANY)}, "remove"),
        ("experiments/0/tags", {"set": MANY}, "tags"),
        ("experiments/0/tags", {"remove": list(MANY)}, "remove"),
        ("experiments", {"name": "new", "tags": MANY}, "tags"),
        ("runs", {"experiment": "digits", "tags": MANY}, "tags"),
        ("runs", {"experiment": "digits", "params": MANY}, "params"),
        ("runs", {"experiment": "digits", "properties": MANY}, "properties"),
    ],
)
def test_more_than_a_thousand_items_are_refused(
    rest: Rest, path: str, body: dict[str, Any], field: str
) -> None:
    status, error = rest.refused("POST", path, body)
    assert (status, error["code"]) == (400, "InvalidValue")
    assert (error["field"], error["limit"]) == (field, 1000)
    assert not RunParam.objects.exists()
    assert Run.objects.count() == 1


@pytest.mark.usefixtures("strict")
def test_a_thousand_items_are_kept(rest: Rest) -> None:
    params = dict(list(MANY.items())[:1000])
    assert rest.post("runs/r1/params", params=params)["params"] == params


def test_searches_limit_the_number_of_experiments_and_sort_keys(mlflow: Mlflow) -> None:
    ids = [str(number) for number in range(10_001)]
    orders = [f"metrics.m{number}" for number in range(101)]
    for path in ("runs/search", "logged-models/search"):
        refused = mlflow.refused(path, experiment_ids=ids)
        assert refused.status == 400
        assert "experiment_ids has 10001 items" in refused.message
    for path in ("runs/search", "experiments/search"):
        refused = mlflow.refused(
            path, experiment_ids=[], order_by=orders, max_results=1
        )
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
        assert "order_by has 101 items" in refused.message


@pytest.mark.usefixtures("strict")
def test_a_search_everywhere_finds_the_runs(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    ids = [str(number) for number in range(10_000)]
    found = mlflow.post("runs/search", experiment_ids=ids)
    assert [run["info"]["run_id"] for run in found["runs"]] == [run_id]


@pytest.mark.parametrize("what", ["log-params", "tags"])
def test_a_model_takes_a_thousand_items_at_once(mlflow: Mlflow, what: str) -> None:
    made = mlflow.post("logged-models", experiment_id="0", name="m")
    path = f"logged-models/{made['model']['info']['model_id']}"
    given = [{"key": key, "value": "v"} for key in MANY]
    path, method, field = (
        (f"{path}/params", "POST", "params")
        if what == "log-params"
        else (f"{path}/tags", "PATCH", "tags")
    )
    refused = mlflow.refused(path, method, **{field: given})
    assert (refused.status, "1001 items" in refused.message) == (400, True)


def test_a_folder_of_very_many_files_is_deleted(rest: Rest) -> None:
    run = Run.objects.get()
    File.objects.bulk_create(
        File(
            run=run,
            folder="many",
            name=str(n),
            path_key=n.to_bytes(32),
            blob=str(n),
            size=1,
            sha256="",
            created=1,
        )
        for n in range(SIZE * 2 + 1)
    )
    assert rest.ok("DELETE", "runs/r1/files/many")["removed"] == SIZE * 2 + 1
    assert not File.objects.filter(replaced=None).exists()
