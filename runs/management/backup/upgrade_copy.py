"""A checked copy of the database on its own, outside a backup."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zipfile import BadZipFile

from django.db import DatabaseError, connection

from runs.management.backup import postgres, sqlite
from runs.management.backup.manifest import DUMP, SQLITE, TABLES
from runs.management.backup.postgres_programs import ProgramFailed

COPY_SUFFIXES = {SQLITE: ".sqlite3", DUMP: ".dump", TABLES: ".zip"}
#: What `write_upgrade_copy` raises in addition to CommandError.
COPY_ERRORS = (
    OSError,
    sqlite3.Error,
    DatabaseError,
    ProgramFailed,
    BadZipFile,
    ValueError,
)


def upgrade_copy_kind() -> str:
    """The form in which this database is copied: a key of `COPY_SUFFIXES`."""
    on_sqlite = connection.vendor == "sqlite"
    return SQLITE if on_sqlite else postgres.choose_copy_kind(logical=False)


def write_upgrade_copy(target: Path, kind: str) -> None:
    """Copy the database and read the copy: an unreadable copy is useless."""
    if kind == SQLITE:
        sqlite.copy_database(Path(str(connection.settings_dict["NAME"])), target)
        sqlite.check_copy(target)
        return
    with postgres.read_snapshot() as exported:
        postgres.copy_database(target, kind, exported)
    postgres.check_copy(target, kind)
