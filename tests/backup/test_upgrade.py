"""The copy before migrations: once per upgrade, never rotated while it is needed."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.backup.homes import Home, execute, kill_at

#: Each takes seconds: of all tests of backups, half run in each sample.

#: To a schema of before, with its data; what later versions added is lost.
GO_BACK = """
import django; django.setup()
from runs.management import schema
schema.migrate([("runs", "0013_error_kind_indexes")])
"""
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
#: A migration that fails, as it would with unexpected data.
FAIL = """
from django.db import DatabaseError
from runs.management import schema
def stop(*_):
    raise DatabaseError("a migration failed")
schema.migrate = stop
"""
#: The upgrade is killed after its first migrations.
STEP = """
from runs.management import schema
schema.migrate = lambda whole=schema.migrate: (
    whole([("runs", "0015_value_statistics")]), __import__("os")._exit(9))
"""
#: What a start does before it serves.
FINISH = """
import django; django.setup()
from django.conf import settings
from runs.management import database, identity_check
step = identity_check.choose_identity_step(
    identity_check.collect_evidence(settings.STUDIO_HOME))
database.prepare_database(settings.STUDIO_HOME, print)
identity_check.write_identities(settings.STUDIO_HOME, step)
"""


def copies(home: Home) -> list[Path]:
    return sorted((home.path / "backups").glob("before-*"))


def prepare(home: Home, before: str = "") -> tuple[int, str]:
    """What a start does with the database."""
    import subprocess
    import sys

    script = PREPARE.replace("try:", f"{before}\ntry:", 1)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=home.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def old_sqlite(filled_sqlite: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("old") / "home"
    shutil.copytree(filled_sqlite.path, path)
    Home(path).python(GO_BACK)
    # Earlier versions knew no identities.
    (path / "identity").unlink()
    return Home(path)


@pytest.fixture
def old(old_sqlite: Home, tmp_path: Path) -> Home:
    """A home on SQLite with the schema of an earlier version."""
    shutil.copytree(old_sqlite.path, tmp_path / "old")
    return Home(tmp_path / "old")


def columns(path: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return len(connection.execute(f"PRAGMA table_info({table})").fetchall())


def test_interrupted_starts_keep_the_copy_from_before_the_upgrade(old: Home) -> None:
    assert prepare(old, FAIL)[0] == 1
    [copy] = copies(old)
    first = copy.read_bytes()
    assert prepare(old, STEP)[0] == 9
    for _ in range(2):
        code, said = prepare(old, FAIL)
        assert code == 1
        assert "Continuing an interrupted upgrade" in said
    [same] = copies(old)
    assert same.read_bytes() == first
    assert columns(same, "runs_historyexport") == 0
    assert prepare(old)[0] == 0
    assert copies(old) == [same]
    assert not (old.path / "backups/upgrade.json").exists()


def test_only_copies_of_finished_upgrades_are_removed(old: Home) -> None:
    folder = old.path / "backups"
    folder.mkdir()
    for number in range(5):
        (folder / f"studio-2026010{number}-000000.sqlite3").write_text("old")
    assert prepare(old, FAIL)[0] == 1
    assert len(list(folder.glob("*.sqlite3"))) == 6
    assert prepare(old)[0] == 0
    copy, *others = sorted(path.name[:15] for path in folder.iterdir())
    assert copy.startswith("before-runs-0")
    assert others == ["studio-20260103", "studio-20260104"]


def test_data_logged_after_an_interrupted_start_is_in_the_next_copy(old: Home) -> None:
    assert prepare(old, FAIL)[0] == 1
    [first] = copies(old)
    execute(old, "update runs_run set description = 'written since'")
    assert prepare(old, FAIL)[0] == 1
    [copy] = copies(old)
    assert copy != first
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        found = connection.execute("select distinct description from runs_run")
        assert found.fetchall() == [("written since",)]


def test_a_damaged_copy_is_replaced(old: Home) -> None:
    assert prepare(old, FAIL)[0] == 1
    [copy] = copies(old)
    copy.write_bytes(copy.read_bytes()[:-1])
    assert "Copied the database to" in prepare(old, FAIL)[1]


def test_a_copy_without_enough_disk_space_stops_the_start(old: Home) -> None:
    before = (old.path / "studio.sqlite3").read_bytes()
    done = old.manage("studio", "--port", "0", limit=500)
    assert done.code == 1
    assert "could not be copied" in done.err.strip().splitlines()[-1]
    assert (old.path / "studio.sqlite3").read_bytes() == before
    assert copies(old) == []


def test_an_upgrade_killed_at_any_time_is_completed_by_the_next_start(
    old: Home, filled_sqlite: Home
) -> None:
    chance = random.Random(8)
    for _ in range(3):
        kill_at(lambda: old.start("studio", "--port", "0"), 1.6, chance)
    old.python(FINISH)
    # A start that is killed after it made its copy, and before it noted it, leaves one
    # more. No copy is of a database that an upgrade had changed.
    applied = "select max(name) from django_migrations where app = 'runs'"
    assert copies(old)
    for copy in copies(old):
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            [(newest,)] = connection.execute(applied)
        assert newest < execute(old, applied)[0][0]
    count = "select count(*), sum(count) from runs_metric"
    assert execute(old, count) == execute(filled_sqlite, count)
    assert "match" in old.succeed("verify")


def test_postgresql_is_copied_before_an_upgrade_too(postgres_home: Home) -> None:
    postgres_home.python(GO_BACK)
    assert prepare(postgres_home, FAIL)[0] == 1
    assert prepare(postgres_home, STEP)[0] == 9
    code, said = prepare(postgres_home)
    assert (code, "Continuing" in said) == (0, True)
    [copy] = copies(postgres_home)
    assert copy.suffix == ".dump"
    assert copy.stat().st_mode & 0o077 == 0
    with psycopg.connect(postgres_home.env["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM runs_run").fetchone()
    assert row == (3,)


def test_a_database_of_an_unreleased_version_is_refused_with_one_message(
    home: Home,
) -> None:
    execute(home, "alter table runs_workspace drop column last_purged_experiment")
    code, said = prepare(home)
    assert code == 1
    assert "has no column last_purged_experiment in runs_workspace" in said
    assert len(said.strip().splitlines()) == 1


def test_a_locked_database_is_refused_with_one_message(home: Home) -> None:
    path = home.path / "studio.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        code, said = prepare(home)
        assert "has locked" in home.manage("studio", "--check", "--port=0").sentence
    assert code == 1
    assert "Another process has locked" in said
    assert len(said.strip().splitlines()) == 1
