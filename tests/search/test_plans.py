"""How SQLite reads what the lists ask, with the statistics of a large database.

A planner that sees a tiny database reads it from end to end, and would be right. So the
statistics of a seeded one are loaded (after `ANALYZE`, the table `sqlite_stat1` as
text), and every query of every family must then look rows up.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.search.mlflow.runs import MlflowRunSearch
from runs.search.query import query_plan
from runs.search.query.status_counts import MAX_EXACT_COUNT
from runs.search.run_list import tree_runs
from runs.search.run_list.run_page import find_runs
from studio.core.filters import mlflow
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

LARGE = [
    "runs_run",
    "runs_runtag",
    "runs_runparam",
    "runs_runproperty",
    "runs_metric",
    "runs_metricchunk",
    "runs_searchtext",
    "runs_rootmetric",
]
COLUMNS = "name,tags,status,experiment,submitter,metrics.acc,params.lr,children.failed"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="the plans are those of SQLite"
    ),
]


def plans(captured: CaptureQueriesContext) -> list[tuple[str, list[str]]]:
    found = []
    with connection.cursor() as cursor:
        for query in list(captured):
            sql = query["sql"]
            if sql.startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                found.append((sql, [row[3] for row in cursor.fetchall()]))
    return found


def scans(captured: CaptureQueriesContext) -> list[str]:
    """The queries that read a large table, or an index of one, from its beginning.

    A partial index is as short as its condition is rare.
    """
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rootpage, type, tbl_name, sql FROM sqlite_master")
        large = {
            root: table
            for root, kind, table, sql in cursor.fetchall()
            if table in LARGE and (kind == "table" or " WHERE " not in (sql or ""))
        }
        for query in list(captured):
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN {query['sql']}")
                found += _read_through(cursor.fetchall(), large, query["sql"])
    return found


def _read_through(
    program: list[tuple[Any, ...]], large: dict[int, str], sql: str
) -> list[str]:
    opened = {row[2]: row[3] for row in program if row[1] == "OpenRead"}
    return [
        f"{large[opened[row[2]]]}: {sql}"
        for row in program
        if row[1] in ("Rewind", "Last") and opened.get(row[2]) in large
    ]


FAMILIES: list[dict[str, str]] = [
    {},
    {"children": "1"},
    {"archived": "1"},
    {"mine": "1"},
    {"q": "tag:model"},
    {"q": "tags.model = vit"},
    {"q": "tags.model in (vit, resnet50)"},
    {"q": "tags.model = vit params.lr = '0.01'"},
    {"q": "params.lr < 0.1"},
    {"q": "tags.model = vit params.lr < 0.1"},
    {"q": "properties.author = 'azureml-user'"},
    {"q": "metrics.acc > 0.9"},
    {"q": "metrics.acc.max > 0.9"},
    {"q": "status:failed"},
    {"q": "status:active"},
    {"q": "created > -7d"},
    {"q": "started > -7d"},
    {"q": "name = resnet-50"},
    {"q": "experiment:digits"},
    {"q": "parent:a"},
    {"q": "root:a"},
    {"q": "children.count > 0"},
    {"q": "is:starred"},
    {"q": "deleted"},
    {"q": "archived"},
    {"q": "resnet"},
    {"q": "resnet vit"},
    {"q": "resnet tags.model = vit"},
    {"q": "tags.model = vit metrics.acc > 0.9"},
    {"q": "params.lr < 0.1 metrics.acc > 0.9"},
    {"q": "tags.model contains vi"},
    {"q": "tags.model like '%t'"},
    {"q": "children.failed > 0"},
    {"q": "tags.model = vit or metrics.acc > 0.9"},
    {"q": "tags.model != vit"},
    {"q": "datasets.name = digits"},
    {"sort": "-metrics.acc"},
    {"sort": "metrics.acc"},
    {"sort": "-metrics.acc", "children": "1"},
    {"sort": "-metrics.acc.max"},
    {"sort": "-metrics.acc", "q": "tags.model = vit"},
    {"sort": "-metrics.acc", "q": "metrics.acc > 0.9"},
    {"sort": "params.lr"},
    {"sort": "-tags.model"},
    {"sort": "name"},
    {"sort": "-name", "q": "resnet"},
    {"sort": "started"},
    {"sort": "-started"},
    {"sort": "-metrics.unknown"},
    {"selected": "a,b", "only": "1", "children": "1"},
]


@pytest.mark.parametrize("way", ["few", "sorted", "walked"])
@pytest.mark.parametrize("asked", FAMILIES, ids=str)
def test_no_kind_of_filter_scans_a_large_table(
    large: Library, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], way: str
) -> None:
    choose(monkeypatch, way)
    spec = ViewSpec.from_query({"columns": COLUMNS, **asked})
    for experiment in (None, large.digits):
        with CaptureQueriesContext(connection) as captured:
            page = find_runs(
                spec.changed(rows=2),
                large.ada,
                large.workspace,
                experiment=experiment,
                now=NOON,
            )
            if page.after:
                after = spec.changed(rows=2, after=page.after)
                find_runs(
                    after, large.ada, large.workspace, experiment=experiment, now=NOON
                )
        assert scans(captured) == []


def choose(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Pretend that an index scan has few runs, more, or an unknown number."""
    if way != "few":
        monkeypatch.setattr(query_plan, "MAX_CANDIDATES", -1)
    if way == "walked":
        monkeypatch.setattr(query_plan, "MAX_PROBES", 0)


@pytest.mark.parametrize("limit", [MAX_EXACT_COUNT, -1], ids=["gathered", "walked"])
@pytest.mark.parametrize("asked", FAMILIES, ids=str)
def test_no_tree_query_scans_a_large_table(
    large: Library, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], limit: int
) -> None:
    monkeypatch.setattr(tree_runs, "MAX_EXACT_COUNT", limit)
    choose(monkeypatch, "few" if limit > 0 else "walked")
    spec = ViewSpec.from_query({"columns": COLUMNS, "tree": "a", **asked})
    for experiment in (None, large.digits):
        with CaptureQueriesContext(connection) as captured:
            tree_runs.find_tree(
                spec.changed(rows=2),
                large.ada,
                large.workspace,
                experiment=experiment,
                now=NOON,
            )
        assert scans(captured) == []


def steps(captured: CaptureQueriesContext, start: str) -> list[str]:
    return [step for sql, found in plans(captured) if start in sql for step in found]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "run_by_arrival"),
        ({"q": "tags.model = vit"}, "run_tag_by_value"),
        ({"q": "tag:model"}, "runs_runtag_key_id_c268a5_idx"),
        ({"q": "params.lr = 0.1"}, "run_param_by_number"),
        ({"sort": "-metrics.acc"}, "metric_by_last"),
        ({"sort": "metrics.acc.max"}, "metric_by_max"),
        ({"sort": "name"}, "run_by_name"),
        ({"sort": "-name"}, "run_by_name"),
        ({"sort": "name", "q": "resnet"}, "run_by_name"),
        ({"sort": "tags.model"}, "run_tag_by_text"),
        ({"sort": "-tags.model"}, "run_tag_by_text"),
    ],
    ids=str,
)
def test_a_page_is_read_in_index_order(
    large: Library, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], index: str
) -> None:
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", -1)
    spec = ViewSpec.from_query({"children": "1", **asked}).changed(rows=1)
    with CaptureQueriesContext(connection) as captured:
        find_runs(spec, large.ada, large.workspace, now=NOON)
    page = steps(captured, "LIMIT 2")
    assert any(index in step for step in page), page
    whole = [step for step in page if step.startswith("USE TEMP B-TREE FOR ORDER")]
    assert whole == []


@pytest.mark.parametrize("sort", ["duration", "-duration"])
def test_only_continuing_runs_are_sorted_by_duration(large: Library, sort: str) -> None:
    spec = ViewSpec.from_query({"children": "1", "sort": sort}).changed(rows=1)
    with CaptureQueriesContext(connection) as captured:
        find_runs(spec, large.ada, large.workspace, now=NOON)
    ended = [found for _, found in plans(captured) if "run_by_duration" in str(found)]
    assert ended
    assert "USE TEMP B-TREE FOR ORDER" not in str(ended)
    by_status = "SEARCH runs_run USING INDEX runs_run_workspa_7b1685_idx"
    assert by_status in str(steps(captured, "LIMIT 2"))


@pytest.mark.parametrize(
    ("q", "index"),
    [
        ("name like '%q%'", "run_by_name"),
        ("children.failed > 0", "COVERING INDEX run_has_parent"),
        ("duration > 2h", "run_by_duration"),
    ],
)
def test_few_matches_are_found_in_an_index(large: Library, q: str, index: str) -> None:
    spec = ViewSpec.from_query({"q": q})
    with CaptureQueriesContext(connection) as captured:
        find_runs(spec, large.ada, large.workspace, now=NOON)
    assert any(index in step for step in steps(captured, "LIMIT 2001"))


@pytest.mark.parametrize("sort", ["ended", "target"])
def test_rows_in_index_order_are_read_without_a_sort(large: Library, sort: str) -> None:
    spec = ViewSpec.from_query({"children": "1", "sort": sort}).changed(rows=1)
    with CaptureQueriesContext(connection) as captured:
        find_runs(spec, large.ada, large.workspace, now=NOON)
    page = [step for step in steps(captured, "LIMIT 2") if "runs_run " in step]
    assert page[0].startswith("SEARCH runs_run USING INTEGER PRIMARY KEY"), page


SEARCHES = [
    ("", []),
    ("tags.model = 'vit' and params.lr = '0.01'", []),
    ("metrics.acc > 0.9", []),
    ("", ["metrics.acc DESC"]),
    ("attributes.run_name LIKE '%resnet%'", []),
]


@pytest.mark.parametrize("way", ["few", "sorted", "walked"])
@pytest.mark.parametrize(("text", "order"), SEARCHES)
def test_no_mlflow_search_scans_a_large_table(
    large: Library,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    order: list[str],
    way: str,
) -> None:
    choose(monkeypatch, way)
    search = MlflowRunSearch(
        mlflow.parse_run_filter(text),
        large.ada,
        large.workspace,
        [large.digits.number],
        False,
        mlflow.parse_order_by(order, mlflow.RUNS),
        NOON,
    )
    with CaptureQueriesContext(connection) as captured:
        search.rows(0, 1)
    assert scans(captured) == []
