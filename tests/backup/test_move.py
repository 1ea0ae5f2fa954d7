"""Moving to another database: every value the same, or nothing changed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from runs.management import schema
from runs.management.bulk_load import filling_transaction
from runs.management.move.move import open_connection, use_as_default_database
from studio.settings.environment import sqlite_settings
from tests.backup.homes import Home, execute, kill_at
from tests.parts.postgres import SCHEMA, fresh_database

#: Each takes seconds: of all tests of backups, half run in each sample.


@pytest.fixture
def target(postgres: str) -> str:
    return fresh_database(postgres)


def query(address: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(sql.encode()).fetchall()


def tables(address: str) -> int:
    count = "SELECT COUNT(*) FROM information_schema.tables"
    return int(query(address, f"{count} WHERE table_schema = 'public'")[0][0])


def test_a_move_copies_everything(home: Home, target: str) -> None:
    before = home.content()
    said = home.succeed("move-to", target)
    assert "\nRun: 3 rows\n" in said
    assert "\nWorkspace: 1 row\n" in said
    assert "Moved 3 runs and 27 files (" in said
    moved = Home(home.path, {"DATABASE_URL": target})
    assert moved.content() == before
    assert "match" in moved.succeed("verify", "--full")
    moved.succeed("member", "grace")
    assert len(query(target, "select distinct id from runs_user")) == 2


def link_to(home: Home) -> Path:
    link = home.path.with_name("link")
    link.symlink_to(home.path)
    return link


def copy_of(home: Home) -> Path:
    return Path(shutil.copytree(home.path, home.path.with_name("copy")))


def unmark(home: Home) -> None:
    """As before the last steps of a move."""
    (home.path / "moved_to").unlink()
    identity = (home.path / "identity").read_text().strip()
    execute(home, "update runs_studioidentity set identity = ?", [identity])


def test_a_moved_database_has_the_schema_of_a_new_one(
    home: Home, target: str, filled_postgres: Home
) -> None:
    # Where rows are loaded, all of it but the tables is taken away and comes back.
    home.succeed("move-to", target)
    new = query(filled_postgres.env["DATABASE_URL"], SCHEMA)
    assert query(target, SCHEMA) == new
    assert len(new) > 200


def test_the_old_database_is_refused_after_a_move_until_adopted(
    home: Home, target: str
) -> None:
    home.succeed("move-to", target)
    commands = ["studio --check", "verify", "backup /tmp/x", "worker", "sweep"]
    for command in [*commands, "member ada"]:
        sentence = home.manage(*command.split()).sentence
        assert "moved to the PostgreSQL database studio_" in sentence
        assert "Set DATABASE_URL to that database" in sentence
    for folder in (link_to(home), copy_of(home)):
        sentence = Home(folder).manage("studio", "--check").sentence
        assert "moved to the PostgreSQL database studio_" in sentence
    (folder / "moved_to").unlink()
    sentence = Home(folder).manage("studio", "--check").sentence
    assert "moved to another database" in sentence
    moved = Home(home.path, {"DATABASE_URL": target})
    assert "Ready to start" in moved.succeed("studio", "--check")
    renamed = Home(home.path.rename(home.path.with_name("renamed")))
    assert "Set DATABASE_URL to that database" in renamed.manage("worker").sentence
    renamed.path.rename(home.path)
    assert "Ready to start" in home.succeed("studio", "--check", "--adopt")
    # A move that was killed just before its last steps is completed.
    unmark(home)
    home.succeed("move-to", target)
    assert "moved to" in home.manage("studio", "--check").sentence
    unmark(home)
    execute(home, "update runs_run set description = 'newer'")
    assert "is not empty" in home.manage("move-to", target).sentence


def test_a_renamed_home_still_knows_that_its_data_moved(
    home: Home, target: str
) -> None:
    home.succeed("move-to", target)
    renamed = Home(home.path.rename(home.path.with_name("renamed")))
    assert "moved to" in renamed.manage("studio", "--check").sentence


def test_a_worker_stops_when_its_database_is_moved(home: Home, target: str) -> None:
    worker = home.start("worker")
    try:
        home.succeed("move-to", target)
        _out, error = worker.communicate(timeout=60)
    finally:
        worker.kill()
    assert "moved to the PostgreSQL database" in error


JSON = (
    '{"b": 1e300, "a": [null, 12345678901234567890, 0.1, 1.0], "c": "\\u00e9\\\\u0000"}'
)

#: Values that databases treat in ways of their own.
HOSTILE = (
    ("text 64 KiB", "update runs_runparam set value = printf('%.65536c', 'x')", ()),
    ("emoji", "update runs_run set description = ?", ("👩‍🚀 \u202e e\u0301",)),
    ("backslash", "update runs_run set name = ?", ("\\N \\. \t\r\n\\x00 %s",)),
    ("empty", "update runs_run set description = ''", ()),
    ("infinite", "update runs_metric set last = 9e999, min = -9e999", ()),
    ("tiny", "update runs_metric set last = 5e-324, min = 1.7976931348623157e308", ()),
    ("bytes", "update runs_metricchunk set data = x'00ff5c0a09'", ()),
    ("bigint", "update runs_metric set last_time = 9223372036854775807", ()),
    ("least", "update runs_metric set last_time = -9223372036854775808", ()),
    (
        "JSON",
        "update runs_metricchunk set notes = ?",
        (JSON,),
    ),
    ("JSON null", "update runs_metricchunk set notes = 'null'", ()),
)


def test_unusual_values_survive_a_move(home: Home, target: str, postgres: str) -> None:
    triggers = "select name from sqlite_master where type = 'trigger'"
    for (name,) in execute(home, f"{triggers} and name like 'runs_run%_no_%'"):
        execute(home, f"drop trigger {name}")
    for _name, sql, values in HOSTILE[:-1]:
        execute(home, sql, values)
    execute(home, "update runs_metricchunk set notes = 'null' where id = 1")
    home.succeed("move-to", target)
    [(text,)] = query(target, "select description from runs_run where run_id = 'run-0'")
    assert text == ""
    assert query(target, "select max(length(value)) from runs_runparam") == [(65536,)]
    assert query(target, "select distinct name from runs_run") == [
        ("\\N \\. \t\r\n\\x00 %s",)
    ]
    nulls = "select count(*) from runs_metricchunk where notes = 'null'::jsonb"
    assert query(target, nulls) == [(1,)]
    assert query(target, "select distinct data from runs_metricchunk") == [
        (b"\x00\xff\\\n\t",)
    ]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("update runs_run set description = 'a' || char(0)", "a NUL character"),
        ("update runs_run set name = printf('%.600c', 'x')", "longer than 500"),
        ("update runs_experiment set number = number + 3000000000", "too large"),
        (
            """update runs_metricchunk set notes = '["\\u0000"]'""",
            "NUL character or half a surrogate pair in its JSON",
        ),
    ],
)
def test_values_that_postgresql_cannot_store_are_refused_with_their_row(
    home: Home, target: str, sql: str, problem: str
) -> None:
    execute(home, sql)
    sentence = home.manage("move-to", target).sentence
    assert problem in sentence
    assert "of the row with id = 1" in sentence
    assert tables(target) == 0
    assert not (home.path / "moved_to").exists()


def test_a_move_never_overwrites_a_database_with_tables(
    home: Home, target: str
) -> None:
    with psycopg.connect(target) as connection:
        connection.execute("CREATE TABLE letters (text text)")
    assert "is not empty" in home.manage("move-to", target).sentence
    assert tables(target) == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("mysql://x/y", "must begin with postgres://"),
        ("postgres://x:secret@127.0.0.1:1/none", "could not be moved"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(
    home: Home, address: str, problem: str
) -> None:
    sentence = home.manage("move-to", address).sentence
    assert problem in sentence
    assert "secret" not in sentence


def test_the_database_of_another_home_is_not_moved(home: Home, target: str) -> None:
    (home.path / "identity").write_text("0" * 32)
    assert "identities differ" in home.manage("move-to", target).sentence
    assert tables(target) == 0


def test_the_current_database_is_refused_as_a_target(postgres_home: Home) -> None:
    own = postgres_home.env["DATABASE_URL"]
    sentence = postgres_home.manage("move-to", own).sentence
    assert "there is nothing to move" in sentence
    assert "Unset DATABASE_URL first" in sentence


def test_files_that_block_a_move_back_are_named(
    postgres_home: Home, filled_sqlite: Home
) -> None:
    there = postgres_home.path / "studio.sqlite3"
    shutil.copy(filled_sqlite.path / "studio.sqlite3", there)
    sentence = postgres_home.manage("move-to", "sqlite").sentence
    assert f"out of {postgres_home.path}, then run the command again" in sentence
    assert "studio.sqlite3" in sentence


def test_a_killed_move_changes_neither_database(home: Home, target: str) -> None:
    before = home.content()
    kill_at(lambda: home.start("move-to", target), 2.0, random.Random(3))
    if not (home.path / "moved_to").exists():
        home.succeed("move-to", target)
    assert Home(home.path, {"DATABASE_URL": target}).content() == before


def fill(rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=10")
        cursor.execute("CREATE TABLE runs_run (value BLOB)")
        for _ in range(rows):
            cursor.execute("INSERT INTO runs_run VALUES (zeroblob(10000))")


def read_setting(name: str) -> object:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def test_what_a_killed_move_to_sqlite_leaves_is_empty(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    left, name = tmp_path / "left", "studio.sqlite3"
    filled = tmp_path / "home" / name
    filled.parent.mkdir()
    with django_db_blocker.unblock():
        with (
            use_as_default_database(open_connection(sqlite_settings(filled))),
            filling_transaction(),
        ):
            fill(100)
            shutil.copytree(filled.parent, left)
        assert (left / name).stat().st_size > 500_000
        with use_as_default_database(open_connection(sqlite_settings(left / name))):
            assert schema.has_no_tables(connection)
            with filling_transaction():
                fill(1)
            assert read_setting("journal_mode") == "wal"
            assert read_setting("synchronous") == 2


def test_postgresql_moves_to_sqlite(postgres_home: Home, filled_sqlite: Home) -> None:
    before = postgres_home.content()
    postgres_home.succeed("move-to", "sqlite")
    sentence = postgres_home.manage("studio", "--check").sentence
    assert "moved to the SQLite" in sentence
    assert "Unset DATABASE_URL" in sentence
    home = Home(postgres_home.path)
    after = home.content()
    # It is raised when its triggers are installed.
    for tables_of, *_rest in (before, after):
        tables_of.pop("runs_changecount")
    assert after == before
    parts = (
        "select type, name, sql from sqlite_master "
        "where name not like 'sqlite_stat%' order by 1, 2"
    )
    assert execute(home, parts) == execute(filled_sqlite, parts)
    assert "match" in home.succeed("verify", "--full")
