"""The list of models reads by indexes, however many versions there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from runs.models import RegisteredModel, User, Workspace
from runs.search.registry import find_models

pytestmark = pytest.mark.django_db


@pytest.fixture
def some(workspace: Workspace) -> None:
    RegisteredModel.objects.bulk_create(
        RegisteredModel(workspace=workspace, name=f"m{n}", created=n, updated=n)
        for n in range(60)
    )


def plans(
    viewer: User, workspace: Workspace, text: str = "", sort: str = "-updated"
) -> list[str]:
    """The plans of all reading queries of a page."""
    with CaptureQueriesContext(connection) as captured:
        find_models(viewer, workspace, text=text, sort=sort, now=1000)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A small table is read as a whole, whatever the index.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        return [
            explain(cursor, query["sql"])
            for query in captured.captured_queries
            if query["sql"].startswith("SELECT")
        ]


def explain(cursor: CursorWrapper, sql: str) -> str:
    words = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    cursor.execute(f"{words} {sql}")
    return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_the_first_page_is_read_in_the_order_of_an_index(
    some: None, owner: User, workspace: Workspace
) -> None:
    found = plans(owner, workspace)
    assert any("model_updated" in plan for plan in found)
    rows = next(plan for plan in found if "model_updated" in plan)
    assert "TEMP B-TREE" not in rows
    assert "Sort" not in rows


@pytest.mark.parametrize(
    "text", ["", "alias:champion", "tags.team = a", "is:starred", "versions:>3"]
)
def test_versions_stars_aliases_and_tags_are_never_read_as_a_whole(
    some: None, owner: User, workspace: Workspace, text: str
) -> None:
    for plan in plans(owner, workspace, text=text, sort="name"):
        for table in ("runs_modelversion", "runs_modelalias", "U0"):
            assert f"SCAN {table}" not in plan
            assert f"Seq Scan on {table}" not in plan
