"""What PostgreSQL's planner is told of the runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from runs.models import RunTag
from runs.search.fields import index_scans_of
from runs.search.sql.scope import make_scope
from studio.core.filters import parse
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="the planner is PostgreSQL's"
    ),
]

RUNS = 60


def test_postgresql_has_statistics_of_values_per_key(shelf: Library) -> None:
    for n in range(RUNS):
        shelf.make(
            f"run-{n}", tags={"team": "nlp", **dict.fromkeys("abcdefgh", str(n))}
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE runs_runtag")
    term: Any = parse("tags.team = nlp")
    scope = make_scope(shelf.ada, shelf.workspace, NOON, {term.field})
    rows = index_scans_of(term, scope)[0].rows
    assert rows.count() == RUNS < RunTag.objects.count() / 8
    plan = json.loads(rows.explain(format="json"))
    # By the shares of key and value each for itself it would expect a ninth.
    assert plan[0]["Plan"]["Plan Rows"] == pytest.approx(RUNS, rel=0.2)
