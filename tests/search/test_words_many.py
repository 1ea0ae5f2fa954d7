"""Words that thousands of runs hold: read by the index, and still exact."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run_rows.search_text import write_missing_search_texts
from runs.models import Run
from runs.search.query import query_plan
from runs.search.query.query_plan import MAX_CANDIDATES
from runs.search.sql import words
from runs.search.sql.words import MAX_NAMED_SCANS
from studio.core.statuses import RunStatus
from tests.parts.records import NOON
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db

MANY = MAX_CANDIDATES + 400
OTHER = 300


@pytest.fixture(scope="module")
def crowd(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    """MANY runs in one experiment, OTHER in "frost"; every third is a "cedar".

    All are "birch"; the last of "frost" is an "amber", and so is a tenth of all.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        library = empty_library("crowd", "##1", "##2")
        frost = create_experiment(
            library.workspace, "frost", actor=Actor(library.ada), now=NOON
        )
        runs = []
        for n in range(MANY + OTHER):
            words = ["birch", "cedar" if n % 3 == 0 else "elder"]
            words += ["frost"] if n % 10 else ["amber"]
            words += ["gorse"] if n in (7, 2000) else []
            experiment = library.digits if n < MANY else frost
            runs.append(
                Run(
                    workspace=library.workspace,
                    experiment=experiment,
                    run_id=f"x{n}",
                    number=n + 1,
                    name=" ".join(words),
                    status=RunStatus.COMPLETED.code,
                    submitter=library.ada,
                    created=NOON,
                    updated=NOON,
                    heard=NOON,
                )
            )
        Run.objects.bulk_create(runs)
        write_missing_search_texts()
        yield library
        transaction.set_rollback(True)


def holds(n: int, word: str) -> bool:
    of_name = {
        "birch": True,
        "cedar": n % 3 == 0,
        "elder": n % 3 != 0,
        "amber": n % 10 == 0,
        "frost": n % 10 != 0 or n >= MANY,
        "gorse": n in (7, 2000),
        "fr": n % 10 != 0 or n >= MANY,
        "completed": True,
    }
    return of_name[word]


@pytest.mark.parametrize(
    "q",
    [
        "birch",
        "frost",
        "fr",
        "completed",
        "gorse",
        "birch cedar",
        "birch frost",
        "frost completed",
        "amber cedar",
        "birch -frost",
        "-frost",
        "frost -completed",
        "gorse frost",
    ],
)
@pytest.mark.parametrize("sort", ["-created", "created", "name"])
def test_many_runs_are_counted_and_paged(crowd: Library, q: str, sort: str) -> None:
    words = [(word.lstrip("-"), word.startswith("-")) for word in q.split()]
    wanted = [
        f"x{n}"
        for n in range(MANY + OTHER)
        if all(holds(n, word) != negated for word, negated in words)
    ]
    first = crowd.page(q, sort=sort, rows="50")
    assert first.counts.total == len(wanted)
    assert first.counts.exact
    found = [row.run.run_id for row in first.rows]
    if first.after:
        second = crowd.page(q, sort=sort, rows="50", after=first.after)
        found += [row.run.run_id for row in second.rows]
    if sort == "name":
        assert set(found) <= set(wanted)
        assert len(set(found)) == min(len(wanted), 100)
    else:
        wanted = wanted[::-1] if sort == "-created" else wanted
        assert found == wanted[:100]


@pytest.mark.parametrize("q", ["birch", "birch frost", "frost"])
def test_words_are_looked_up_in_the_index(crowd: Library, q: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by the statistics of a large database")
    with CaptureQueriesContext(connection) as queries:
        crowd.page(q)
    asked = [each["sql"] for each in queries if "runs_run" in each["sql"]]
    by_index = [sql for sql in asked if '"runs_searchindex" MATCH' in sql]
    for sql in by_index:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%"))
            plan = [row[3] for row in cursor.fetchall()]
        assert any("VIRTUAL TABLE INDEX" in step for step in plan), plan
        assert "SCAN runs_run" not in plan, plan
    assert by_index


@pytest.mark.parametrize("read_names", [0, 500])
def test_runs_of_many_named_experiments_are_not_counted_first(
    crowd: Library, monkeypatch: pytest.MonkeyPatch, read_names: int
) -> None:
    monkeypatch.setattr(words, "MAX_READ_NAMES", read_names)
    monkeypatch.setattr(query_plan, "MAX_CANDIDATES", 100)
    for n in range(MAX_NAMED_SCANS):
        create_experiment(
            crowd.workspace, f"frost {n}", actor=Actor(crowd.ada), now=NOON
        )
    with CaptureQueriesContext(connection) as queries:
        total = crowd.page("frost").counts.total
    assert total == sum(holds(n, "frost") for n in range(MANY + OTHER))
    sizes = [
        each["sql"]
        for each in queries
        if 'COUNT(*) FROM (SELECT "runs_run"."id"' in each["sql"]
    ]
    assert sizes == []
