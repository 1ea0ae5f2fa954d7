"""Columns of all matching runs, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.search.run_list import run_columns
from studio.core.filters.fields import CATALOG
from tests.api.rest import Rest, rest_client


def columns_by_name(rest: Rest, **query: Any) -> dict[str, list[Any]]:
    """The values of all pages; each page starts after the one before it."""
    found: dict[str, list[Any]] = {}
    after: str | None = None
    while after != "":
        page = rest.get("columns", **query, **({"after": after} if after else {}))
        assert page["rows"] <= int(query.get("rows", 2000))
        for column in page["columns"]:
            assert len(column["values"]) == page["rows"]
            found.setdefault(column["name"], []).extend(column["values"])
        after = page["after"]
    return found


@pytest.fixture
def five(rest: Rest) -> Rest:
    """Five runs; metrics of three: numbers, a NaN and a text; d is a child of a."""
    for number, run_id in enumerate("abcde"):
        more = {"parent": "a"} if run_id == "d" else {}
        rest.new_run(run_id, params={"lr": f"0.{number}"}, **more)
    for run_id, value in (("a", 0.5), ("b", "NaN"), ("c", "text")):
        rest.points(run_id, {"key": "acc", "value": value})
    rest.post("runs/e/tags", set={"team": "nlp", "kept": None})
    return rest


def test_pages_hold_the_same_runs_in_the_same_order_as_the_list(five: Rest) -> None:
    names = "name,params.lr,metrics.acc,tags,created,status"
    for sort in ("", "params.lr", "-metrics.acc", "name"):
        listed = five.get("runs", columns=names, sort=sort, children="1")["runs"]
        for rows in (1, 2, 100):
            found = columns_by_name(
                five, columns=names, sort=sort, children="1", rows=rows
            )
            assert found["id"] == [one["run"]["id"] for one in listed]
            for name in ("name", "params.lr", "metrics.acc", "created", "status"):
                assert found[name] == [one["values"].get(name) for one in listed]
            assert found["tags"] == [one["tags"] for one in listed]


def test_a_column_has_its_type(five: Rest) -> None:
    names = "metrics.acc,params.lr,created,duration,status,tags,starred"
    page = five.get("columns", columns=names)
    kinds = {column["name"]: column["type"] for column in page["columns"]}
    assert kinds == {
        "id": "id",
        "metrics.acc": "text or number",
        "params.lr": "text or number",
        "created": "time",
        "duration": "duration",
        "status": "status",
        "tags": "map",
        "starred": "boolean",
    }


def test_every_column_can_be_read(five: Rest) -> None:
    names = [
        spec.name.replace("<key>", "acc").replace("<status>", "failed")
        for spec in CATALOG
        if spec.column
    ]
    found = columns_by_name(five, columns=",".join(names), children="1")
    assert {"description", "tags", "children.failed", "metrics.acc"} <= set(found)


def test_scopes_narrow_the_runs(five: Rest) -> None:
    assert columns_by_name(five)["id"] == list("ecba")
    assert columns_by_name(five, parent="a")["id"] == ["d"]
    assert columns_by_name(five, below="a")["id"] == ["d"]
    assert columns_by_name(five, q="params.lr > 0.15 and params.lr < 0.35")["id"] == [
        "c"
    ]


def test_long_texts_have_shorter_pages(
    five: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_columns, "MAX_HEAVY_ROWS", 2)
    page = five.get("columns", columns="description", rows=100)
    assert (page["rows"], page["total"]) == (2, 4)
    assert columns_by_name(five, columns="description", rows=100)["id"] == list("ecba")
    monkeypatch.setattr(run_columns, "MAX_PAGE_CHARS", 2)
    monkeypatch.setattr(run_columns, "BATCH_VALUES", 1)
    for sort in ("", "-metrics.acc", "params.lr"):
        assert five.get("columns", columns="params.lr", sort=sort)["rows"] == 1
        found = columns_by_name(five, columns="params.lr", sort=sort)
        assert sorted(found["id"]) == list("abce")
    assert five.get("columns", columns="tags")["rows"] == 1


def test_more_rows_cost_no_more_queries(five: Rest) -> None:
    counts = []
    for rows in (1, 4):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            five.get("columns", columns="params.lr,metrics.acc,tags", rows=rows)
        counts.append(len(queries))
    assert counts[0] == counts[1]


BAD: list[tuple[dict[str, str], str, str]] = [
    ({"q": "metrics.acc >"}, "InvalidFilter", "q"),
    ({"columns": "nosuch"}, "InvalidValue", "columns"),
    ({"sort": "nosuch"}, "InvalidValue", "sort"),
    ({"rows": "10001"}, "InvalidValue", "rows"),
    ({"rows": "0"}, "InvalidValue", "rows"),
    ({"after": "x"}, "InvalidValue", "after"),
    ({"before": "x"}, "InvalidValue", "before"),
    ({"parent": "nosuch"}, "NotFound", ""),
    ({"experiment": "999"}, "NotFound", ""),
]


@pytest.mark.parametrize(("query", "code", "field"), BAD)
def test_bad_queries_are_refused(
    rest: Rest, query: dict[str, str], code: str, field: str
) -> None:
    _status, error = rest.refused("GET", f"columns?{urlencode(query)}")
    assert error["code"] == code
    assert error.get("field", "") == field


def test_other_workspaces_runs_are_not_read(five: Rest) -> None:
    other = rest_client("other")
    assert other.get("columns")["rows"] == 0
    assert other.refused("GET", five.url("columns"))[0] == 404
