"""The notes that the data moved: the home's `moved_to`, and a mark in the old database.

The mark is in the place of the database's identity. It holds wherever the old database
is copied to, and however its address is written.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.management.read_only_database import TableReader, describe_server, read_only
from runs.models import StudioIdentity
from studio.core.private_files import sync_folder, write_private

RECORD_NAME = "moved_to"
MOVED_PREFIX = "moved:"
SQLITE = "the SQLite database"


def describe_location(database: dict[str, Any]) -> str:
    """Where a database is, from its settings, without user and password."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"{SQLITE} {database['NAME']}"
    return f"the PostgreSQL database {database['NAME']} on {describe_server(database)}"


def refuse_moved(folder: Path) -> None:
    """Raise CommandError if the data of this database was moved to another one."""
    note = _read_move_record(folder)
    present = describe_location(connection.settings_dict)
    if note.get("from") == present or _is_marked_as_moved():
        raise CommandError(
            f"{_moved_message(folder, note, present)} To use the old database again, "
            "run `manage.py studio --adopt`."
        )


def _is_marked_as_moved() -> bool:
    with read_only() as using:
        return TableReader(using).identity().startswith(MOVED_PREFIX)


def _moved_message(folder: Path, note: dict[str, Any], present: str) -> str:
    target = str(note.get("to") or "")
    if target in ("", present):
        return (
            f"The data of {present} was moved to another database. Set DATABASE_URL "
            "and STUDIO_HOME for that database."
        )
    is_sqlite = target.startswith(SQLITE)
    step = "Unset DATABASE_URL." if is_sqlite else "Set DATABASE_URL to that database."
    return f"The data of {folder} was moved to {target} ({note.get('time')}). {step}"


def record_move(folder: Path, *, source: str, target: str) -> None:
    moved = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    content = {"from": source, "to": target, "time": moved}
    write_private(folder / RECORD_NAME, json.dumps(content, indent=2) + "\n")
    sync_folder(folder)


def mark_moved(source: BaseDatabaseWrapper) -> None:
    """Raises DatabaseError. `--adopt` writes an identity over the mark."""
    # Cut to the length of an identity, which is that of the column.
    value = f"{MOVED_PREFIX}{uuid.uuid4().hex}"[:32]
    with source.cursor() as cursor:
        table = StudioIdentity._meta.db_table
        cursor.execute(f"UPDATE {table} SET identity = %s", [value])


def forget_move(folder: Path) -> None:
    """The operator wants the present database, whatever moved before."""
    (folder / RECORD_NAME).unlink(missing_ok=True)


def _read_move_record(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / RECORD_NAME).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{folder / RECORD_NAME} cannot be read: {error}. Delete it if the data of "
            "this home was never moved."
        ) from error
    return found if isinstance(found, dict) else {}
