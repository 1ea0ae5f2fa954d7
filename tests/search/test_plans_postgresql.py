"""What PostgreSQL's planner is told of the runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import OuterRef, Q

from runs.models import Run, RunTag
from runs.search.fields import index_scans_of
from runs.search.sql import ExistsByLookup, InKeys
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


def plan_of(rows: Any) -> str:
    return str(rows.explain(format="json"))


def values_of(library: Library, q: str) -> Any:
    term: Any = parse(q)
    scope = make_scope(library.ada, library.workspace, NOON, {term.field})
    return index_scans_of(term, scope)[0].rows


@pytest.mark.parametrize("kind", ["tags", "params", "properties"])
def test_runs_of_a_value_are_read_from_an_index_alone(
    shelf: Library, kind: str
) -> None:
    for n in range(RUNS):
        shelf.make(f"run-{n}", **{kind: {"team": f"nlp-{n}"}})
    rows = values_of(shelf, f"{kind}.team = nlp-1").values("run_id")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = plan_of(rows)
    assert "Index Only Scan" in plan
    assert f"run_{kind.rstrip('s').replace('ie', 'y')}_by_short_value" in plan


def test_long_values_have_an_index_of_their_beginnings(shelf: Library) -> None:
    shelf.make("a", tags={"team": "nlp"})
    rows = values_of(shelf, f"tags.team = '{200 * 'x'}'").values("run_id")
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert "run_tag_by_value" in plan_of(rows)


def test_a_subquery_can_be_asked_row_by_row(shelf: Library) -> None:
    for n in range(RUNS):
        shelf.make(f"run-{n}", tags={"team": "nlp"})
    tagged = RunTag.objects.filter(run=OuterRef("pk"), value="nlp")
    rows = Run.objects.filter(Q(ExistsByLookup(tagged)) | Q(status=0))
    assert rows.count() == RUNS
    assert "SubPlan" in plan_of(rows)
    assert "hashed" not in plan_of(rows)


@pytest.mark.parametrize("step", [1, 5])
def test_neighbors_are_read_as_a_range(shelf: Library, step: int) -> None:
    keys = range(1_000, 1_000 + 200 * step, step)
    plan = plan_of(Run.objects.filter(Q(InKeys("pk", keys))))
    assert ("(id >= 1000)" in plan) == (step == 1)


def test_of_a_range_only_the_asked_runs_are_found(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InKeys, "_MIN_RANGE", RUNS // 4)
    for n in range(RUNS):
        shelf.make(f"run-{n}")
    keys = sorted(Run.objects.values_list("pk", flat=True))[4:-4:2]
    runs = Run.objects.filter(Q(InKeys("pk", keys)))
    assert f"(id >= {keys[0]})" in plan_of(runs)
    assert sorted(runs.values_list("pk", flat=True)) == keys


def test_postgresql_has_statistics_of_values_per_key(shelf: Library) -> None:
    for n in range(RUNS):
        shelf.make(
            f"run-{n}", tags={"team": "nlp", **dict.fromkeys("abcdefgh", str(n))}
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE runs_runtag")
    rows = values_of(shelf, "tags.team = nlp")
    assert rows.count() == RUNS < RunTag.objects.count() / 8
    plan = json.loads(rows.explain(format="json"))
    # By the shares of key and value each for itself it would expect a ninth.
    assert plan[0]["Plan"]["Plan Rows"] == pytest.approx(RUNS, rel=0.2)
