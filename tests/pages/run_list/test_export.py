"""All rows of a list: every form, in order, over chunks, with nothing lost or run."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pandas as pd
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.comments import add_comment
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import add_run_properties, set_run_tags
from runs.models import Run, User, Workspace
from runs.search.run_list import export
from runs.search.run_list.export import export_runs
from studio.core.filters import catalog
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.pages.rows import ALL
from tests.parts.elements import hrefs

pytestmark = pytest.mark.django_db

COLUMNS = (
    "name,status,tags,params.lr,metrics.acc,duration,created,starred,children.count"
)
QUERY = {"columns": COLUMNS}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "FIRST_CHUNK_ROWS", 2)
    monkeypatch.setattr(export, "CHUNK_ROWS", 3)


@pytest.fixture
def runs(log: Any, actor: Actor, now: int) -> None:
    log("a", acc=0.5, tags={"m": "x", "w": None}, params={"lr": "=1+1"})
    Run.objects.filter(run_id="a").update(name='蒸馏, "so"\n<b>')
    log("b", acc=float("nan"), params={"lr": "@SUM(A1)"}, status=RunStatus.COMPLETED)
    log("c", acc=float("-inf"), params={"lr": "-0.1+1"})
    text = log("d", params={"lr": "\t=2"})
    log_metrics(text, [Point("acc", "n/a", now, 0)], actor=actor, now=now)
    log("e", parent="a")
    for n in range(7):
        log(f"f{n}", acc=n / 10)


def body_of(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    content: bytes = answer.getvalue()
    return content


def asked(visitor: Client, form: str, **query: str) -> bytes:
    return body_of(visitor.get(ALL, {**QUERY, "format": form, **query}))


def sheet(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_the_csv_has_every_row_in_the_order_of_the_list(
    visitor: Client, runs: None, small_chunks: None
) -> None:
    answer = visitor.get(ALL, {**QUERY, "format": "csv"})
    rows = sheet(body_of(answer))
    assert [row["id"] for row in rows] == [
        *(f"f{n}" for n in reversed(range(7))),
        *"dcba",
    ]
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="all-runs.csv"'
    )


@pytest.mark.parametrize(
    "sort", ["-created", "name", "-metrics.acc", "params.lr", "-duration", "status"]
)
def test_an_export_is_in_the_order_of_its_list(
    visitor: Client, runs: None, small_chunks: None, sort: str
) -> None:
    query = {"columns": "name", "sort": sort}
    page = visitor.get(ALL, query, headers={"Accept": "application/json"}).json()
    rows = json.loads(asked(visitor, "json", **query))["rows"]
    assert [row["id"] for row in rows] == [row["id"] for row in page["rows"]]


def test_exported_values_equal_those_of_rest(
    visitor: Client, runs: None, small_chunks: None
) -> None:
    query = {"columns": f"{COLUMNS},id,number,experiment,submitter,type,root,error"}
    page = visitor.get(ALL, query, headers={"Accept": "application/json"}).json()
    body = json.loads(asked(visitor, "json", **query))
    assert body["columns"] == page["columns"]
    clock = {"duration": None}
    assert [row | clock for row in body["rows"]] == [r | clock for r in page["rows"]]
    assert (body["total"], body["total_is_exact"]) == (11, True)


def test_no_cell_of_a_sheet_is_a_formula(visitor: Client, runs: None) -> None:
    rows = {row["id"]: row for row in sheet(asked(visitor, "csv"))}
    assert rows["a"]["params.lr"] == "'=1+1"
    assert rows["b"]["params.lr"] == "'@SUM(A1)"
    assert rows["c"]["params.lr"] == "'-0.1+1"
    assert rows["d"]["params.lr"] == "'\t=2"
    assert rows["a"]["name"] == '蒸馏, "so"\n<b>'
    assert [rows[n]["metrics.acc"] for n in "abcd"] == [
        "0.5",
        "NaN",
        "-Infinity",
        "n/a",
    ]


@pytest.mark.parametrize("number", ["-1", "+0.5", "-1e-05", "-2.", "-Infinity"])
def test_a_signed_number_is_not_escaped_as_a_formula(
    visitor: Client, log: Any, number: str
) -> None:
    log("a", params={"lr": number})
    assert [row["params.lr"] for row in sheet(asked(visitor, "csv"))] == [number]


def test_parquet_has_types_and_loses_nothing(
    visitor: Client, runs: None, small_chunks: None
) -> None:
    table = pd.read_parquet(io.BytesIO(asked(visitor, "parquet"))).set_index("id")
    assert len(table) == 11
    assert table.loc["c", "metrics.acc"] == float("-inf")
    assert pd.isna(table.loc["b", "metrics.acc"])
    assert table.loc["d", "metrics.acc (text)"] == "n/a"
    assert table.loc["b", "duration"] == 90.0
    assert str(table["created"].dtype) == "datetime64[ms, UTC]"
    assert dict(table.loc["a", "tags"]) == {"m": "x", "w": None}
    assert table.loc["a", "children.count"] == 1
    assert not table.loc["a", "starred"]


def test_parquet_without_its_library_is_refused_with_what_to_install(
    visitor: Client, runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    page = visitor.get(ALL, {"format": "parquet"})
    assert page.status_code == 501
    assert "pip install pyarrow" in page.text
    script = {"Accept": "application/json"}
    answer = visitor.get(ALL, {"format": "parquet"}, headers=script)
    assert "pip install pyarrow" in answer.json()["error"]["message"]
    histories = visitor.post("/w/default/exports/", headers=script)
    assert histories.status_code == 501
    assert visitor.get(ALL, {"format": "csv"}).status_code == 200


def test_a_tree_is_exported_flat_with_parent_columns(
    visitor: Client, runs: None
) -> None:
    rows = sheet(asked(visitor, "csv", children="1"))
    assert {row["id"]: row["parent"] for row in rows}["e"] == "a"
    assert len(rows) == 12


def test_an_empty_export_has_a_header_row(visitor: Client, runs: None) -> None:
    nothing = {"q": "nosuchword"}
    assert sheet(asked(visitor, "csv", **nothing)) == []
    assert json.loads(asked(visitor, "json", **nothing))["rows"] == []
    table = pd.read_parquet(io.BytesIO(asked(visitor, "parquet", **nothing)))
    assert list(table.columns)[:2] == ["id", "name"]


def test_errors_are_reported_before_any_row(visitor: Client, runs: None) -> None:
    assert visitor.get(ALL, {"format": "xlsx"}).status_code == 400
    assert visitor.get(ALL, {"format": "csv", "q": "((("}).status_code == 400
    answer = visitor.get(ALL, {"format": "csv", "columns": "name,nosuch.x"})
    assert "nosuch.x" in answer.headers["X-Studio-Notice"]


def test_too_many_runs_to_sort_are_exported_by_age_with_a_notice(
    visitor: Client, runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_SORTED_KEYS", 5)
    answer = visitor.get(ALL, {"format": "csv", "sort": "duration"})
    assert "Showing the newest first" in answer.headers["X-Studio-Notice"]
    assert sheet(body_of(answer))[0]["id"] == "f6"


def test_exports_query_by_chunks_of_rows(
    owner: User, workspace: Workspace, runs: None, small_chunks: None
) -> None:
    columns = ViewSpec.from_query(f"columns={COLUMNS}").columns
    found = export_runs(ViewSpec(columns=columns), owner, workspace)
    next(found.chunks), next(found.chunks)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asking:
            next(found.chunks)
        counts.append(sum("SELECT" in one["sql"] for one in asking.captured_queries))
    assert counts[0] == counts[1] <= 6


def test_the_page_links_to_every_export_format(visitor: Client, runs: None) -> None:
    page = visitor.get(ALL, {"q": "f1 or f2"})
    forms = [f"?q=f1+or+f2&format={name}" for name in ("csv", "json", "parquet")]
    assert set(hrefs(page, "a.menu-item[download]")) == set(forms)


def every_column() -> list[str]:
    own = [spec.name for spec in catalog.ATTRIBUTE_SPECS if spec.column]
    metrics = [f"metrics.acc{end}" for end in ("", ".min", ".max", ".first", ".count")]
    children = ["children.count", "children.failed", "children.running"]
    return [*own, *metrics, *children, "tags.m", "params.lr", "properties.p"]


@pytest.mark.parametrize("name", every_column())
def test_an_export_has_the_runs_that_the_list_shows(
    visitor: Client, runs: None, actor: Actor, now: int, name: str
) -> None:
    run = Run.objects.get(run_id="c")
    change_status(
        run, RunStatus.FAILED, actor=actor, now=now, message="ValueError: no 7"
    )
    add_run_properties(run, {"p": "x", "studio.host": "h"}, actor=actor, now=now)
    tags = {"m": "y", "mlflow.source.git.commit": "abc"}
    set_run_tags(run, tags, actor=actor, now=now)
    add_comment(run, "seen", actor=actor, now=now)
    Run.objects.filter(run_id="c").update(
        description="d",
        target="gpu",
        type="t",
        script="s.py",
        launcher="agent",
        locked=True,
    )
    add_comment(run, "Good.", actor=actor, now=now)
    # Of a run that goes on the duration would be another a moment later.
    done = Run.objects.get(run_id="e")
    change_status(done, RunStatus.COMPLETED, actor=actor, now=now)
    look = {"q": "status:failed|completed", "children": "1", "flat": "1"}
    query = {"columns": f"name,{name}", **look}
    page = visitor.get(ALL, query, headers={"Accept": "application/json"}).json()
    rows = json.loads(asked(visitor, "json", **query))["rows"]
    shown = {row["id"]: row.get(name) for row in page["rows"]}
    assert {row["id"]: row.get(name) for row in rows} == shown
    assert any(value is not None for value in shown.values())
