"""A consistent copy of a PostgreSQL database: pg_dump's archive, else its tables.

The archive of tables is a zip of what COPY prints, one file per table, with their
columns. It needs no program, and is restored into the schema that the migrations make.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

from runs.management import schema
from runs.management.backup import postgres_programs
from runs.management.backup.backup_folder import flush_to_disk
from runs.management.backup.manifest import DUMP, TABLES
from runs.management.backup.sqlite import Progress, ignore_progress

#: The names of the tables and of their columns, in the archive of tables.
TABLE_LIST_NAME = "tables.json"
#: How long a restore waits for another one of the same database.
RESTORE_WAIT_SECONDS = 60


@contextmanager
def read_snapshot() -> Iterator[str]:
    """One moment of the database for all that is read in the block; yields its name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A large database takes longer than a cluster may allow to requests.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield str(cursor.fetchone()[0])


def server_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0])


def dump_program() -> Path | None:
    return postgres_programs.find_program("pg_dump", server_version())


def choose_copy_kind(*, logical: bool) -> str:
    return TABLES if logical or dump_program() is None else DUMP


def copy_database(
    target: Path, kind: str, moment: str, progress: Progress = ignore_progress
) -> None:
    """Within `read_snapshot`. Raises ProgramFailed, DatabaseError, OSError."""
    target.touch(mode=0o600)
    if kind == DUMP:
        _run_pg_dump(target, moment)
    else:
        export_tables(target, progress)
    flush_to_disk(target)


def _run_pg_dump(target: Path, moment: str) -> None:
    program = dump_program()
    assert program is not None
    database, environment = postgres_programs.connection_arguments(connection)
    # The server that restores the dump can have other database users.
    options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
    where = [f"--snapshot={moment}", f"--file={target}", database]
    postgres_programs.run_program(
        [program, *options, "--compress=1", *where], environment
    )


def check_copy(path: Path, kind: str) -> None:
    """Raises ProgramFailed or ValueError unless the whole archive can be read."""
    if kind == TABLES:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise ValueError(f"{damaged} is damaged")
        return
    program = restore_program()
    if program is not None:
        # Without a database it unpacks every row and prints it, here to nowhere.
        postgres_programs.run_program(
            [program, "--file=/dev/null", path], dict(os.environ)
        )


def restore_program() -> Path | None:
    return postgres_programs.find_program("pg_restore", 0)


def restore_dump(path: Path) -> None:
    """In one transaction. Raises ProgramFailed."""
    program = restore_program()
    if program is None:
        raise postgres_programs.ProgramFailed("the program pg_restore is not installed")
    database, environment = postgres_programs.connection_arguments(connection)
    options = ["--single-transaction", "--exit-on-error", "--no-owner"]
    postgres_programs.run_program(
        [program, *options, "--no-privileges", database, path], environment
    )


def wait_for_restores() -> None:
    """Wait for what a killed command left: its pg_restore can go on and commit.

    Raises ProgramFailed if one is still restoring after `RESTORE_WAIT_SECONDS`.
    """
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'pg_restore'"
    )
    until = time.monotonic() + RESTORE_WAIT_SECONDS
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0] == 0:
                return
        if time.monotonic() > until:
            raise postgres_programs.ProgramFailed(
                "another pg_restore writes to the database"
            )
        time.sleep(0.2)


def export_tables(target: Path, progress: Progress) -> None:
    tables = {name: stored_columns(name) for name in schema.data_tables(connection)}
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        connection.cursor() as cursor,
    ):
        archive.writestr(TABLE_LIST_NAME, json.dumps(tables))
        for done, (table, names) in enumerate(tables.items()):
            progress(done, len(tables))
            query = f"COPY {_quoted_names([table])} ({_quoted_names(names)}) TO STDOUT"
            with (
                # A table's size is not known beforehand and can exceed the 4 GB of
                # plain zip.
                archive.open(table, "w", force_zip64=True) as file,
                cursor.copy(query) as rows,
            ):
                for data in rows:
                    file.write(data)


def import_tables(path: Path, progress: Progress) -> None:
    """Into tables that are there and empty; the caller holds the transaction."""
    with zipfile.ZipFile(path) as archive, connection.cursor() as cursor:
        tables: dict[str, list[str]] = json.loads(archive.read(TABLE_LIST_NAME))
        for done, (table, names) in enumerate(tables.items()):
            progress(done, len(tables))
            query = f"COPY {_quoted_names([table])} ({_quoted_names(names)}) FROM STDIN"
            with archive.open(table) as file, cursor.copy(query) as rows:
                while data := file.read(1024 * 1024):
                    rows.write(data)


def stored_columns(table: str) -> list[str]:
    """Those that are stored; what the database computes is not copied."""
    return [name for name, _generated in _table_columns(table) if not _generated]


def _table_columns(table: str) -> list[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, is_generated = 'ALWAYS' "
            "FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        found: list[tuple[str, bool]] = cursor.fetchall()
    return found


def _quoted_names(names: Iterable[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, names))
