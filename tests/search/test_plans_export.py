"""How SQLite reads the values of an export's rows, with a large one's statistics."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.search.run_list.export import export_runs
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

COLUMNS = "name,tags,tags.model,params.lr,properties.author,metrics.acc,metrics.acc.max"
TABLES = ("runs_runtag", "runs_runparam", "runs_runproperty", "runs_metric")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="the plans are those of SQLite"
    ),
]


def test_exported_values_are_looked_up_by_run(large: Library) -> None:
    """By its key, a chunk would read every run that has the metric."""
    spec = ViewSpec.from_query({"columns": COLUMNS, "children": "1"})
    with CaptureQueriesContext(connection) as captured:
        export = export_runs(spec, large.ada, large.workspace, now=NOON)
        assert sum(len(chunk[0]) for chunk in export.chunks) > 5
    read = {}
    with connection.cursor() as cursor:
        for query in list(captured):
            table = next((t for t in TABLES if f'FROM "{t}"' in query["sql"]), None)
            if table and query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plan = [row[3] for row in cursor.fetchall() if table in row[3]]
                read[table] = plan
                assert all("(run_id=?" in step for step in plan), (plan, query["sql"])
    assert sorted(read) == sorted(TABLES)
