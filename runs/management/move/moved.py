"""The home's note that its data moved to another database (`moved_to`)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from studio.core.private import sync_folder, write_private

NAME = "moved_to"
SQLITE = "the SQLite database"


def describe(database: dict[str, Any]) -> str:
    """Where a database is, from its settings, without user and password."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"{SQLITE} {database['NAME']}"
    options = database.get("OPTIONS") or {}
    host = database.get("HOST") or options.get("host") or "localhost"
    port = f":{database['PORT']}" if database.get("PORT") else ""
    return f"the PostgreSQL database {database['NAME']} on {host}{port}"


def refuse_moved(folder: Path) -> None:
    """Stop what would work on the database that was left behind."""
    note = _read(folder)
    if _is_left(str(note.get("from")), folder):
        raise CommandError(
            f"The data of {folder} moved to {note.get('to')} ({note.get('time')}). Set "
            "DATABASE_URL to it. To use the old database again, run `manage.py studio "
            "--adopt`."
        )


def _is_left(source: str, folder: Path) -> bool:
    """Whether the present database is the one that was moved from.

    A home has one SQLite database, also after the home itself was moved or copied.
    """
    name = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and name.parent == folder:
        return source.startswith(SQLITE)
    return source == describe(connection.settings_dict)


def note(folder: Path, *, source: str, target: str) -> None:
    moved = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    content = {"from": source, "to": target, "time": moved}
    write_private(folder / NAME, json.dumps(content, indent=2) + "\n")
    sync_folder(folder)


def forget(folder: Path) -> None:
    """The operator wants the present database, whatever moved before."""
    (folder / NAME).unlink(missing_ok=True)


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / NAME).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{folder / NAME} cannot be read: {error}. Delete it if the data of this "
            "home was never moved."
        ) from error
    return found if isinstance(found, dict) else {}
