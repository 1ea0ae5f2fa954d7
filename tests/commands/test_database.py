"""The database at the start: newer refused, copied before a change, triggers there."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.clients import ROOT, quiet_environment

PREPARE = """
import django; django.setup()
from django.conf import settings
from django.core.management.base import CommandError
from runs.management import database
try:
    database.prepare(settings.STUDIO_HOME, print)
except CommandError as error:
    raise SystemExit(str(error))
"""


def prepare(home: Path) -> subprocess.CompletedProcess[str]:
    """What the start does with the database, in a process as the start has it."""
    return subprocess.run(
        [sys.executable, "-c", PREPARE],
        env={
            **quiet_environment(),
            "STUDIO_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "studio.settings.base",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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
    assert "newer version (it has runs.9999_future)" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_database_is_copied_before_a_migration(home: Path) -> None:
    database = home / "studio.sqlite3"
    execute(
        database,
        "insert into runs_workspace (name, created, last_purged_experiment)"
        " values ('w', '2026', 0)",
    )
    # The migration of the triggers can be applied again over itself.
    execute(database, "delete from django_migrations where name = '0002_immutable'")
    done = prepare(home)
    assert done.returncode == 0, done.stderr
    [copy] = (home / "backups").iterdir()
    assert str(copy) in done.stdout
    assert execute(copy, "select name from runs_workspace") == [("w",)]
    assert copy.stat().st_mode & 0o077 == 0


def test_triggers_that_were_lost_are_installed_again(home: Path) -> None:
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


def test_a_damaged_database_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "studio.sqlite3").write_bytes(b"no database" * 1000)
    done = prepare(tmp_path)
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
