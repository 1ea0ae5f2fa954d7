"""registered-models/search and model-versions/search: filters, order, pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.protocol import Mlflow

NAMES = ("alpha", "beta", "Gamma")


@pytest.fixture
def run_ids(mlflow: Mlflow) -> list[str]:
    """Three models; the first has three versions, one of another run."""
    runs = [mlflow.new_run(), mlflow.new_run()]
    for name in NAMES:
        tags = [{"key": "team", "value": name[0]}]
        mlflow.post("registered-models/create", name=name, tags=tags)
    for run, stage in ((0, "a"), (0, "b"), (1, "b")):
        mlflow.post(
            "model-versions/create",
            name="alpha",
            source=f"runs:/{runs[run]}/model",
            run_id=runs[run],
            tags=[{"key": "grade", "value": stage}],
        )
    return runs


def names(mlflow: Mlflow, text: str = "", **more: Any) -> list[str]:
    found = mlflow.get("registered-models/search", filter=text, **more)
    return [one["name"] for one in found.get("registered_models", [])]


def numbers(mlflow: Mlflow, text: str = "", **more: Any) -> list[str]:
    found = mlflow.get("model-versions/search", filter=text, **more)
    return [one["version"] for one in found.get("model_versions", [])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Gamma", "alpha", "beta"]),
        ("name = 'alpha'", ["alpha"]),
        ("name != 'alpha'", ["Gamma", "beta"]),
        ("name LIKE '%a'", ["Gamma", "alpha", "beta"]),
        ("name LIKE 'g%'", []),
        ("name ILIKE 'g%'", ["Gamma"]),
        ("name IN ('alpha', 'x')", ["alpha"]),
        ("tags.team = 'a'", ["alpha"]),
        ("tag.`team` != 'a'", ["Gamma", "beta"]),
        ("tags.team = 'a' AND name = 'beta'", []),
        # Clients add these to find no prompts.
        ("tag.`mlflow.prompt.is_prompt` != 'true'", ["Gamma", "alpha", "beta"]),
        ("name = 'beta' AND tags.`mlflow.prompt.is_prompt` = 'false'", ["beta"]),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", []),
        ("tags.`mlflow.prompt.is_prompt` != 'false'", []),
        (
            "name = 'beta' OR name = 'a' AND tag.`mlflow.prompt.is_prompt` != 'true'",
            ["beta"],
        ),
        ("name = 'beta' OR tags.`mlflow.prompt.is_prompt` = 'true'", ["beta"]),
    ],
)
def test_filters_of_models(
    mlflow: Mlflow, run_ids: list[str], text: str, found: list[str]
) -> None:
    assert sorted(names(mlflow, text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["3", "2", "1"]),
        ("name = 'alpha'", ["3", "2", "1"]),
        ("name = 'beta'", []),
        ("run_id = '{0}'", ["2", "1"]),
        ("run_id IN ('{1}')", ["3"]),
        ("version_number > 1 AND name LIKE 'al%'", ["3", "2"]),
        ("source_path LIKE 'runs:/{1}%'", ["3"]),
        ("tags.grade = 'b'", ["3", "2"]),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", []),
    ],
)
def test_filters_of_versions(
    mlflow: Mlflow, run_ids: list[str], text: str, found: list[str]
) -> None:
    asked = text.format(*run_ids)
    assert numbers(mlflow, asked, order_by="version_number DESC") == found


@pytest.mark.parametrize(
    "order",
    [[], ["name DESC"], ["last_updated_timestamp DESC"], ["creation_timestamp"]],
)
def test_pages_of_models_have_each_model_once(
    mlflow: Mlflow, run_ids: list[str], order: list[str]
) -> None:
    pages, token = [], ""
    while True:
        found = mlflow.get(
            "registered-models/search", max_results=1, page_token=token, order_by=order
        )
        pages += [one["name"] for one in found["registered_models"]]
        token = found.get("next_page_token", "")
        if not token:
            break
    assert pages == names(mlflow, order_by=order)
    assert sorted(pages) == sorted(NAMES)


def test_a_page_starts_after_the_last_row_of_the_one_before(
    mlflow: Mlflow, run_ids: list[str]
) -> None:
    asked: dict[str, Any] = {"max_results": 2, "order_by": ["version_number ASC"]}
    first = mlflow.get("model-versions/search", **asked)
    version = {"name": "alpha", "version": "1"}
    mlflow.send("DELETE", "model-versions/delete", version)
    token = first["next_page_token"]
    assert numbers(mlflow, page_token=token, **asked) == ["3"]


@pytest.mark.parametrize(
    "bad",
    [
        {"filter": "size = 1"},
        {"filter": "metrics.x = 1"},
        {"filter": "name > 'a'"},
        {"order_by": "size"},
        {"order_by": "tags.team"},
        {"order_by": ["name", "name DESC"]},
        {"max_results": 0},
        {"max_results": 10**6},
        {"page_token": "x"},
        {"page_token": "WzFd"},
        {"page_token": "WyJcdTAwMDAiXQ=="},
    ],
)
def test_a_bad_search_is_refused(mlflow: Mlflow, bad: dict[str, Any]) -> None:
    for path in ("registered-models/search", "model-versions/search"):
        refused = mlflow.refused_get(path, **bad)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_search_takes_a_fixed_number_of_statements(
    mlflow: Mlflow, run_ids: list[str]
) -> None:
    mlflow.post("registered-models/alias", name="alpha", alias="best", version="3")
    for number in ("1", "2"):
        mlflow.post(
            "model-versions/transition-stage",
            name="alpha",
            version=number,
            stage="Staging",
        )
    one, all_of_them = (
        statements(partial(names, mlflow, text)) for text in ("name = 'alpha'", "")
    )
    # Token, member, models, their tags and aliases with versions, and of the latest
    # versions the rows, tags and aliases; PostgreSQL adds its time limit.
    assert one == all_of_them <= 13
    one, all_of_them = (
        statements(partial(numbers, mlflow, text))
        for text in ("version_number = 3", "")
    )
    assert one == all_of_them <= 9


def statements(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        call()
    return len(seen)
