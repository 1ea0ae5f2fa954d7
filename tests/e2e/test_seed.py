"""`python -m tests.bench seed` leaves the rows that an MLflow client's runs leave."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runs.models import change_counts, grams, rollups, root_metrics, search_text
from tests.bench.data import invented
from tests.bench.data.seed import BATCH, long_points, long_run
from tests.bench.log import log_runs
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import running
from tests.parts.templates import build_once, migrate

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

RUNS, POINTS, SEED = 140, 2_600, 3

#: Who is here; each start of a server adds to it.
ACCOUNTS = {
    f"runs_{name}"
    for name in (
        "user workspace member apitoken browsersession signinlink signinfailure "
        "invitation"
    ).split()
}
#: What the server's clock says, where the generator takes the run's own times.
CLOCK = {
    "runs_experiment": {"created", "updated"},
    "runs_run": {"created", "updated", "heard"},
    "runs_runevent": {"time"},
    "runs_changeset": {"time"},
}
#: The first counts statements: a client needs more than the generator. A start of the
#: server and its worker write the others.
UNCOMPARED = {
    change_counts.TABLE,
    "runs_studioidentity",
    "runs_logindexsettings",
    "runs_storagereport",
}
#: A long series is rewritten while it grows, so these keys depend on its batches. The
#: worker closes status changes when it gets to them.
UNNAMED = {"runs_metricchunk": {"id"}, "runs_statuschange": {"is_open"}}

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    home = tmp_path_factory.mktemp("seeded")
    shutil.copy(build_once("database", migrate) / "studio.sqlite3", home)
    size = ["--runs", str(RUNS), "--points", str(POINTS), "--seed", str(SEED)]
    subprocess.run(
        [sys.executable, "-m", "tests.bench", "seed", "--home", home, *size],
        env=quiet_environment(),
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return tables(home)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    # Importing it needs more than a second, and each process collects this file.
    from mlflow.tracking import MlflowClient

    home = tmp_path_factory.mktemp("logged") / "home"
    with running(home) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        client = MlflowClient(server.environment["MLFLOW_TRACKING_URI"])
        log_all(client)
    return tables(home)


def log_all(client: MlflowClient) -> None:
    from mlflow.entities import Metric

    experiments = [client.create_experiment(n) for n in invented.experiment_names()]
    runs = list(invented.invent(RUNS, SEED))
    made = log_runs(client, runs, experiments, invented.curves(SEED))
    at = long_run(RUNS) - 1
    points = [
        Metric(point.key, point.value, point.time, point.step)
        for point in long_points(POINTS, runs[at].started)
    ]
    for start in range(0, POINTS, BATCH):
        client.log_batch(made[at], points[start : start + BATCH])


def tables(home: Path) -> dict[str, Rows]:
    with closing(sqlite3.connect(home / "studio.sqlite3")) as database:
        check = f"INSERT INTO {search_text.INDEX}({search_text.INDEX}, rank) "
        database.execute(f"{check} VALUES ('integrity-check', 1)")
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name LIKE 'runs!_%' ESCAPE '!'"
        )
        found = {name for (name,) in names if not name.startswith(search_text.INDEX)}
        found -= {*ACCOUNTS, *UNCOMPARED, rollups.TABLE, root_metrics.TABLE}
        ids = dict(database.execute("SELECT run_id, 'run ' || id FROM runs_run"))
        held = {name: rows(database, name, ids) for name in found}
        held[root_metrics.TABLE] = pairs(database)
        return {**held, rollups.TABLE: counts(database)}


def pairs(database: sqlite3.Connection) -> Rows:
    """The best values below roots, in whatever order they were gathered."""
    columns = 'root_id, key_id, "min", "max"'
    return database.execute(
        f"SELECT {columns} FROM {root_metrics.TABLE} ORDER BY root_id, key_id"
    ).fetchall()


def counts(database: sqlite3.Connection) -> Rows:
    """As their readers see them: sums, however many rows they are in."""
    group = "experiment_id, status, is_root, is_archived"
    return database.execute(
        f"SELECT {group}, SUM(runs) AS n FROM {rollups.TABLE} GROUP BY {group} "
        f"HAVING n ORDER BY {group}"
    ).fetchall()


def rows(database: sqlite3.Connection, table: str, ids: dict[str, str]) -> Rows:
    """A table's rows without what differs by its nature: ids of runs by their place."""
    cursor = database.execute(f'SELECT * FROM "{table}"')
    columns = [
        (place, named[0] in CLOCK.get(table, ()))
        for place, named in enumerate(cursor.description)
        if named[0] not in UNNAMED.get(table, ())
    ]
    found = [
        tuple(
            "time" if clock else ids.get(row[place], row[place])
            for place, clock in columns
        )
        for row in cursor
    ]
    return sorted(
        map(without_ids, found) if table == search_text.TABLE else found, key=repr
    )


def without_ids(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A search text holds the run's id, and its grams what the id begins with."""
    run, text, held = row
    parts = text.split(grams.SEPARATOR)
    assert held == grams.grams_of(text)
    return run, *parts[:1], *parts[2:]


def test_seeded_tables_match_those_written_by_a_client(
    seeded: dict[str, Rows], logged: dict[str, Rows]
) -> None:
    assert seeded.keys() == logged.keys()
    for name in sorted(seeded):
        assert seeded[name] == logged[name], name


@pytest.mark.parametrize(
    "table",
    ["run", "runtag", "runparam", "metric", "metricchunk", "runevent", "change", "key"],
)
def test_the_comparison_of_seeded_tables_covers_rows(
    seeded: dict[str, Rows], table: str
) -> None:
    assert len(seeded[f"runs_{table}"]) >= RUNS


def test_the_same_seed_generates_the_same_runs() -> None:
    once, again = (list(invented.invent(RUNS, SEED)) for _ in range(2))
    assert once == again
    assert once != list(invented.invent(RUNS, SEED + 1))
