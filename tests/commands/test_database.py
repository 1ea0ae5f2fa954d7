"""The database at the start: newer refused, copied before a change, triggers there."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.parts.manage import run_script
from tests.parts.templates import migrate_by_command

PREPARE = """
import django; django.setup()
from django.conf import settings
from django.core.management.base import CommandError
from runs.management import database
try:
    database.prepare_database(settings.STUDIO_HOME, print)
except CommandError as error:
    raise SystemExit(str(error))
"""

#: A database of an older version, in which a user has a run.
GO_BACK = """
import django; django.setup()
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from runs.management import schema
schema.migrate([("runs", "0002_immutable")])
# The models as they were: those of today have columns that are not there.
then = MigrationLoader(connection).project_state(("runs", "0002_immutable")).apps
names = ("Experiment", "Key", "Run", "RunTag", "Workspace")
Experiment, Key, Run, RunTag, Workspace = (then.get_model("runs", n) for n in names)
times = {"created": 1, "updated": 1}
workspace = Workspace.objects.create(name="w")
experiment = Experiment.objects.create(
    workspace=workspace, number=1, name="e", **times
)
run = Run.objects.create(
    workspace=workspace, experiment=experiment, run_id="old", number=1,
    name="Older run", status=20, heard=1, **times,
)
key = Key.objects.create(workspace=workspace, kind="tag", name="colour")
RunTag.objects.create(run=run, key=key, value="Green")
hidden = Key.objects.create(workspace=workspace, kind="tag", name="mlflow.user")
RunTag.objects.create(run=run, key=hidden, value="root")
"""


def prepare(
    home: Path, script: str = PREPARE, *, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the start does with the database, in a process as the start has it."""
    return run_script(home, script, env=env)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated database."""
    home = tmp_path_factory.mktemp("database")
    done = prepare(home)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    with (
        contextlib.closing(sqlite3.connect(template / "studio.sqlite3")) as old,
        contextlib.closing(sqlite3.connect(tmp_path / "studio.sqlite3")) as new,
    ):
        old.backup(new)
    return tmp_path


def execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute(sql).fetchall()
        connection.commit()
        return found


def test_a_start_creates_the_schema_of_djangos_own_command(
    template: Path, tmp_path: Path
) -> None:
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name != 'sqlite_stat1'"
    migrate_by_command(tmp_path)
    found, expected = (
        execute(each / "studio.sqlite3", f"{schema} ORDER BY type, name")
        for each in (template, tmp_path)
    )
    assert found == expected
    assert len(found) > 250


def test_a_second_start_changes_and_copies_nothing(home: Path) -> None:
    done = prepare(home)
    assert (done.returncode, done.stdout) == (0, "")
    assert not (home / "backups").exists()


def test_a_newer_schema_is_refused(home: Path) -> None:
    execute(
        home / "studio.sqlite3",
        "insert into django_migrations (app, name, applied)"
        " values ('runs', '9999_future', '2030-01-01')",
    )
    done = prepare(home)
    assert done.returncode == 1
    assert "newer version (with migration runs.9999_future)" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_database_is_copied_and_then_migrated(home: Path) -> None:
    database = home / "studio.sqlite3"
    went_back = prepare(home, GO_BACK)
    assert went_back.returncode == 0, went_back.stderr
    done = prepare(home)
    assert done.returncode == 0, done.stderr
    [copy] = (home / "backups").iterdir()
    assert str(copy) in done.stdout
    for each in (copy, database):
        assert execute(each, "select name from runs_run") == [("Older run",)]
    assert copy.stat().st_mode & 0o077 == 0
    index = "select count(*) from runs_searchindex where runs_searchindex match"
    for word, runs in (("older", 1), ("colour", 1), ("green", 1), ("root", 0)):
        assert execute(database, f"{index} '{word}'") == [(runs,)], word


def test_lost_triggers_are_installed_again(home: Path) -> None:
    database = home / "studio.sqlite3"
    execute(database, "drop trigger runs_runevent_no_update")
    done = prepare(home)
    assert "runs_runevent_no_update" in done.stdout
    found = execute(
        database, "select count(*) from sqlite_master where type = 'trigger'"
    )
    expected = execute(
        database,
        "select count(*) from sqlite_master where type = 'trigger'"
        " and name like 'runs_run%_no_%'",
    )
    assert expected == [(6,)]
    assert found >= expected


def test_a_lost_trigger_of_the_search_index_is_installed_again(home: Path) -> None:
    database = home / "studio.sqlite3"
    execute(database, "drop trigger runs_searchtext_insert")
    assert "Built the search index again" in prepare(home).stdout
    assert "Built the search index again" not in prepare(home).stdout


def test_a_damaged_database_is_reported_with_one_message(tmp_path: Path) -> None:
    (tmp_path / "studio.sqlite3").write_bytes(b"no database" * 1000)
    done = prepare(tmp_path)
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
