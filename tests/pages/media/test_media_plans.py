"""The newest names of a run's files are read without those of other runs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Experiment, File, Run
from runs.search.media import list_media, list_media_of_runs
from runs.search.media import scan as media_scan
from tests.parts.records import NOON

pytestmark = pytest.mark.django_db

RUNS, FILES, NAMES = 100, 100, 20
#: Words of plans that read files of other runs.
UNBOUNDED = ("SCAN", "Seq", "runs_file_pkey")


@pytest.fixture
def runs(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two of many runs that saved their files at the same time."""
    media_scan._kept.clear()
    monkeypatch.setattr(media_scan, "MAX_NEW_NAMES", NAMES)
    found = Run.objects.bulk_create(
        Run(
            workspace=experiment.workspace,
            experiment=experiment,
            run_id=f"media-{number}",
            number=1000 + number,
            name="r",
            status=0,
            created=NOON,
            updated=NOON,
        )
        for number in range(RUNS)
    )
    File.objects.bulk_create(
        File(
            run=run,
            folder="media/a",
            name=f"step_{number}.png",
            path_key=number.to_bytes(32, "big"),
            blob=f"{run.pk}-{number}",
            size=1,
            sha256="",
            created=NOON,
        )
        for number in range(FILES)
        for run in found
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return found[:2]


def plans(sql: str) -> str:
    words = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        # PostgreSQL declares a cursor for it.
        cursor.execute(f"{words} {sql[sql.index('SELECT') :]}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.parametrize("count", [1, 2])
def test_names_are_read_from_the_index_of_the_run(runs: list[Run], count: int) -> None:
    for _reading in range(3):
        with CaptureQueriesContext(connection) as caught:
            if count == 1:
                list_media(runs[0])
            else:
                list_media_of_runs(runs)
        asked = [
            each["sql"]
            for each in caught.captured_queries
            if '"runs_file"' in each["sql"] and '"blob"' not in each["sql"]
        ]
        assert asked
        for plan in map(plans, asked):
            assert "file_by_run" in plan
            assert not set(UNBOUNDED) & set(plan.split())
