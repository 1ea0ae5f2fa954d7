"""Restores: only into what is empty, each byte checked, never half."""

from __future__ import annotations

import fcntl
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.backup.homes import Home, execute, flip, kill_at
from tests.parts.postgres import fresh_database
from tests.parts.waiting import becomes

#: Each takes seconds: of all tests of backups, half run in each sample.


@pytest.fixture
def backed_up(home: Home, backups: Path) -> Path:
    home.succeed("backup", str(backups))
    return backups


def test_a_restore_never_overwrites_a_home_with_data(
    home: Home, backed_up: Path
) -> None:
    before = home.stored()
    assert "not empty" in home.manage("restore", str(backed_up)).sentence
    (home.path / "identity").unlink()
    (home.path / "client.json").unlink()
    (home.path / "studio.sqlite3").unlink()
    assert "not empty" in home.manage("restore", str(backed_up)).sentence
    assert home.stored() == before


def test_the_wal_of_a_lost_database_is_not_applied_to_a_restored_one(
    empty: Home, backed_up: Path
) -> None:
    wal = empty.path / "studio.sqlite3-wal"
    wal.write_bytes(b"writes of a lost database")
    assert "not empty" in empty.manage("restore", str(backed_up)).sentence
    wal.unlink()
    empty.succeed("restore", str(backed_up))


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_changes_left_by_another_database_are_not_applied_to_the_restored_one(
    home: Home, empty: Home, backed_up: Path, is_interrupted: bool
) -> None:
    database = home.path / "studio.sqlite3"
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE later (text)")
        opened.commit()
        left = shutil.copy(f"{database}-wal", empty.path / "studio.sqlite3-wal")
    if is_interrupted:
        [stamp] = [path.parent.name for path in backed_up.glob("*/manifest.json")]
        marker = {"path": str(backed_up), "stamp": stamp}
        (empty.path / "restore.partial").write_text(json.dumps(marker))
        empty.succeed("restore", str(backed_up))
        assert execute(empty, "SELECT * FROM sqlite_master WHERE name = 'later'") == []
    else:
        assert "not empty" in empty.manage("restore", str(backed_up)).sentence
        assert Path(left).exists()


def test_a_home_in_use_by_a_server_is_not_restored(
    empty: Home, backed_up: Path
) -> None:
    with served(empty):
        assert "Stop it first" in empty.manage("restore", str(backed_up)).sentence


@contextmanager
def served(home: Home) -> Iterator[None]:
    with (home.path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_damaged_database_copy_changes_nothing(empty: Home, backed_up: Path) -> None:
    [copy] = backed_up.glob("*/database.sqlite3")
    flip(copy)
    assert "damaged" in empty.manage("restore", str(backed_up)).sentence
    assert not (empty.path / "studio.sqlite3").exists()
    assert not (empty.path / "restore.partial").exists()


def test_a_damaged_object_is_named_and_everything_else_is_restored(
    home: Home, empty: Home, backed_up: Path
) -> None:
    damaged = max(backed_up.glob("objects/??/*"), key=lambda p: p.stat().st_size)
    flip(damaged)
    sentence = empty.manage("restore", str(backed_up)).sentence
    assert "1 files are missing or damaged" in sentence
    assert len(empty.stored()) == 29
    done = empty.manage("verify")
    assert "Missing files: 1" in done.out
    assert done.code == 1


def test_a_restore_that_filled_the_disk_blocks_the_start_and_can_be_repeated(
    home: Home, empty: Home, backed_up: Path
) -> None:
    # In blocks of 512 bytes: less than the database, more than each file.
    done = empty.manage("restore", str(backed_up), limit=1000)
    assert "To continue, run the command again" in done.sentence
    sentence = empty.manage("studio", "--check").sentence
    assert f"manage.py restore {backed_up} --at" in sentence
    empty.succeed("restore", str(backed_up))
    assert empty.content() == home.content()


def test_a_restore_killed_at_any_time_can_be_repeated(
    home: Home, empty: Home, backed_up: Path
) -> None:
    chance = random.Random(5)
    for _ in range(3):
        kill_at(lambda: empty.start("restore", str(backed_up)), 0.6, chance)
    if not is_restored(empty):
        empty.succeed("restore", str(backed_up))
    assert empty.content() == home.content()


def is_restored(home: Home) -> bool:
    is_begun = (home.path / "restore.partial").exists()
    return (home.path / "identity").exists() and not is_begun


def test_only_the_same_backup_continues_an_interrupted_restore(
    home: Home, empty: Home, backed_up: Path, tmp_path: Path
) -> None:
    home.succeed("backup", str(backed_up))
    first, second = sorted(p.parent.name for p in backed_up.glob("*/manifest.json"))
    marker = {"path": str(backed_up), "stamp": first}
    (empty.path / "restore.partial").write_text(json.dumps(marker))
    done = empty.manage("restore", str(backed_up), "--at", second)
    assert f"A restore of backup {first}" in done.sentence
    assert first in empty.succeed("restore", str(backed_up))


def test_a_backup_of_a_newer_version_is_refused(empty: Home, backed_up: Path) -> None:
    [path] = backed_up.glob("*/manifest.json")
    content = json.loads(path.read_text())
    content["migrations"].append("runs.9999_future")
    path.write_text(json.dumps(content))
    assert "newer version" in empty.manage("restore", str(backed_up)).sentence


def test_a_backup_of_sqlite_is_not_restored_to_postgresql(
    backed_up: Path, tmp_path: Path, postgres: str
) -> None:
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", {"DATABASE_URL": fresh_database(postgres)})
    sentence = other.manage("restore", str(backed_up)).sentence
    assert "Unset DATABASE_URL and restore" in sentence
    assert "move-to" in sentence


def test_a_restore_never_overwrites_a_database_with_data(
    postgres_home: Home, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    postgres_home.succeed("backup", str(backups))
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", postgres_home.env)
    assert "is not empty" in other.manage("restore", str(backups)).sentence
    assert [path.name for path in other.path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("words", [[], ["--logical"]], ids=["pg_dump", "tables"])
def test_an_interrupted_restore_to_postgresql_can_be_repeated(
    postgres_home: Home, postgres: str, tmp_path: Path, words: list[str]
) -> None:
    backups = tmp_path / "backups"
    postgres_home.succeed("backup", str(backups), *words)
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", {"DATABASE_URL": fresh_database(postgres)})
    kill_at(
        lambda: other.start("restore", str(backups)), 2.0, random.Random(len(words))
    )
    if not is_restored(other):
        other.succeed("restore", str(backups))
    assert other.content() == postgres_home.content()


def test_a_restore_waits_for_the_pg_restore_of_a_killed_one(
    postgres_home: Home, postgres: str, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    postgres_home.succeed("backup", str(backups))
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", {"DATABASE_URL": fresh_database(postgres)})
    left = psycopg.connect(other.env["DATABASE_URL"], application_name="pg_restore")
    with left:
        left.execute("CREATE EXTENSION pg_trgm")
        restore = other.start("restore", str(backups))
        # It waits, by looking at the sessions, or if it did not, for the extension.
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> %s "
            "AND (wait_event_type = 'Lock' OR query LIKE '%%pg_stat_activity%%')"
        )
        names = (left.info.dbname, left.info.backend_pid)
        with psycopg.connect(postgres, autocommit=True) as watching:
            assert becomes(lambda: watching.execute(waiting, names).fetchone() != (0,))
    _out, said = restore.communicate(timeout=60)
    assert restore.returncode == 0, said
    assert other.content() == postgres_home.content()
