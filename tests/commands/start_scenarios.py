"""Homes and databases to start over: built once, then copied for each start."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.parts.manage import run_script
from tests.parts.postgres import fresh_database
from tests.parts.templates import build_once, migrate

#: What a first start writes, a run, and files; `sys.argv[1]` says how many more.
FILL = """
import sys
import django; django.setup()
from django.conf import settings
from runs.actions.actor import SERVER
from runs.actions.experiments import ensure_default
from runs.actions.files import save_file
from runs.actions.run import create_run
from runs.management import database, operator_access, identity_check
from runs.models import Run, Workspace
evidence = identity_check.collect_evidence(settings.STUDIO_HOME)
step = identity_check.choose_identity_step(evidence)
database.prepare_database(settings.STUDIO_HOME, print)
identity_check.write_identities(settings.STUDIO_HOME, step)
operator_access.find_or_create_first_owner(now=1)
run = Run.objects.first() or create_run(
    ensure_default(Workspace.objects.get(), actor=SERVER, now=1), actor=SERVER, now=1
)
for number in range(int(sys.argv[1])):
    name = f"{run.files.count()}.txt"
    save_file(run, name, [name.encode()], actor=SERVER, now=1, limit=99)
"""
#: Undo the migrations after `sys.argv[1]`.
GO_BACK = """
import sys
import django; django.setup()
from runs.management import schema
schema.migrate([("runs", sys.argv[1])])
"""
LONG_AGO = 14 * 86_400
IDENTITY_MIGRATION, FUTURE_MIGRATION = "0018_identity_and_removals", "9999_future"
#: Undoing it on SQLite does nothing, and on PostgreSQL it would narrow columns.
LAST_UNDONE_BY_HAND = "0019_longer_keys"


@dataclass(frozen=True)
class Database:
    """A SQLite file, or the address of a PostgreSQL database."""

    place: str

    @property
    def is_postgres(self) -> bool:
        return self.place.startswith("postgres")

    @property
    def env(self) -> dict[str, str]:
        return {"DATABASE_URL": self.place} if self.is_postgres else {}

    def execute(self, *statements: str) -> list[tuple[object, ...]]:
        """Commit them all; returns the rows of the last one."""
        rows: list[tuple[object, ...]] = []
        if self.is_postgres:
            with psycopg.connect(self.place) as session:
                for statement in statements:
                    found = session.execute(statement.encode())
                    rows = found.fetchall() if found.description else []
            return rows
        with contextlib.closing(sqlite3.connect(self.place)) as file:
            for statement in statements:
                rows = file.execute(statement).fetchall()
            file.commit()
        return rows

    def copy(self, home: Path) -> Database:
        """A copy of its own for a start over `home`."""
        if not self.is_postgres:
            target = home / "studio.sqlite3"
            with (
                contextlib.closing(sqlite3.connect(self.place)) as old,
                contextlib.closing(sqlite3.connect(target)) as new,
            ):
                old.backup(new)
            return Database(str(target))
        made = fresh_database(_maintenance(self.place))
        with psycopg.connect(_maintenance(self.place), autocommit=True) as session:
            session.execute(f"DROP DATABASE {_name(made)}".encode())
            session.execute(
                f"CREATE DATABASE {_name(made)} TEMPLATE {_name(self.place)}".encode()
            )
        return Database(made)


def _name(address: str) -> str:
    return urlsplit(address).path.lstrip("/")


def _maintenance(address: str) -> str:
    return address.replace(f"/{_name(address)}?", "/postgres?")


def fill(home: Path, database: Database, files: int) -> None:
    """Prepare both as a first start does, and store this number of files."""
    if not database.is_postgres and not Path(database.place).exists():
        shutil.copy(build_once("database", migrate) / "studio.sqlite3", home)
    done = run_script(home, FILL, str(files), env=database.env)
    assert done.returncode == 0, done.stderr
    then = time.time() - LONG_AGO
    for path in stored(home).values():
        os.utime(path, (then, then))


def stored(home: Path) -> dict[str, Path]:
    """The stored files of a home by name, wherever below `files` they are."""
    found = [path for path in (home / "files").rglob("*") if path.is_file()]
    return {path.name: path for path in found if len(path.name) == 32}


def copy_home(source: Path, target: Path) -> None:
    """All but the database; files keep their times."""
    ignore = shutil.ignore_patterns("studio.sqlite3*", "lock")
    shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True)


def forget_identity(home: Path, database: Database | None = None) -> None:
    """As an earlier version left them."""
    (home / "identity").unlink(missing_ok=True)
    if database is not None:
        done = run_script(home, GO_BACK, LAST_UNDONE_BY_HAND, env=database.env)
        assert done.returncode == 0, done.stderr
        database.execute(
            "DROP TABLE runs_studioidentity",
            "DROP TABLE runs_blobremoval",
            "DELETE FROM django_migrations WHERE app = 'runs' "
            f"AND name >= '{IDENTITY_MIGRATION}' AND name < '{FUTURE_MIGRATION}'",
        )


def make_newer(database: Database) -> None:
    database.execute(
        "INSERT INTO django_migrations (app, name, applied)"
        f" VALUES ('runs', '{FUTURE_MIGRATION}', '2030-01-01 00:00:00')"
    )


def make_foreign(database: Database, *, has_identity: bool) -> None:
    """The database of another home: another identity, and other files."""
    if has_identity:
        database.execute(f"UPDATE runs_studioidentity SET identity = '{'b' * 32}'")
    database.execute("UPDATE runs_file SET blob = 'c' || substr(blob, 2, 30) || 'z'")
